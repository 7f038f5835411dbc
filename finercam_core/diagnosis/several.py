"""The same question to several classifiers, layers or folds: in how many of them a finding is made."""

from collections.abc import Sequence

import numpy as np

from finercam_core.diagnosis.answer import Diagnosis
from finercam_core.diagnosis.comparison import PairComparison
from finercam_core.diagnosis.findings import Place, WitnessCount
from finercam_core.diagnosis.rule import LEVEL, passes_statistics
from finercam_core.errors import ComparisonError

_SAME = 0.25  # cells that two regions share, of those in the smaller one, from which on they are one place


def agreements(first: Diagnosis, others: Sequence[Diagnosis], a: str, b: str) -> dict[str, WitnessCount]:
    """For every place of the first diagnosis, by its name: how many of all diagnoses find it by their statistics.

    Regions of the frame are one place where they share a quarter of the smaller one's cells.

    Raises
    ------
    ComparisonError
        If one of them did not compare the two: that it was not asked is not that it found nothing.
    """
    own = first.comparison(a, b)
    compared = [own, *(_comparison(one, a, b) for one in others)]
    return {
        test.place.name: WitnessCount(sum(_finds(one, test.place) for one in compared), len(compared), "classifiers")
        for test in own.tests
    }


def compares(diagnosis: Diagnosis, a: str, b: str) -> bool:
    """Whether a diagnosis can say anything about a pair."""
    try:
        diagnosis.comparison(a, b)
    except ComparisonError:
        return False
    return True


def _comparison(diagnosis: Diagnosis, a: str, b: str) -> PairComparison:
    try:
        return diagnosis.comparison(a, b)
    except ComparisonError as error:
        raise ComparisonError(
            f"the witness {diagnosis.store.location} cannot be asked: {error.problem}", "leave it out"
        ) from error


def _finds(compared: PairComparison, place: Place) -> bool:
    if not compared.told_apart.p < LEVEL:
        return False
    return any(same_place(test.place, place) and passes_statistics(test) for test in compared.tests)


def same_place(one: Place, other: Place) -> bool:
    """Whether two diagnoses mean the same place."""
    if one.cells is None or other.cells is None:
        return one.name == other.name and one.kind == other.kind
    if one.cells.shape != other.cells.shape:
        return False
    return bool((one.cells & other.cells).sum() >= _SAME * np.minimum(one.cells.sum(), other.cells.sum()))
