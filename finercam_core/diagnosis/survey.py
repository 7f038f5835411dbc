"""All pairs of a store at once: one row a place and pair, with the false discovery rate over the pairs."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
from scipy.stats import false_discovery_control

from finercam_core.diagnosis.answer import Diagnosis
from finercam_core.diagnosis.findings import PairAnswer, PlaceFinding
from finercam_core.diagnosis.several import agreements, compares
from finercam_core.errors import ComparisonError
from finercam_core.io.progress import Progress


def survey(
    diagnosis: Diagnosis, progress: Progress | None = None, others: Sequence[Diagnosis] = ()
) -> list[PairAnswer]:
    """Answers about every pair that was compared both ways, each finding with its q.

    The family of a pair's places has the smallest of their family-wise p; over pairs these are controlled by Benjamini
    and Hochberg (J. R. Stat. Soc. B 57, 1995), and a place's q is the larger of its pair's q and of its own p times
    pairs over selected pairs (Y. Benjamini and M. Bogomolov, J. R. Stat. Soc. B 76, 2014). A finding whose q is not
    below 0.05 is not supported, whatever its p. Pairs that cannot be answered are left out, see `unanswered`.

    Parameters
    ----------
    diagnosis : Diagnosis
    progress : callable, optional
        Called with the numbers of finished and of all pairs.
    others : sequence of Diagnosis
        Of other classifiers, asked about every pair that they compared.
    """
    answers, pairs = [], diagnosis.pairs
    for done, (a, b) in enumerate(pairs, 1):
        try:
            able = [one for one in others if compares(one, a, b)]
            answers.append(diagnosis.answer(a, b, agreement=agreements(diagnosis, able, a, b) if able else None))
        except ComparisonError:
            continue
        finally:
            if progress is not None:
                progress(done, len(pairs))
    return controlled(answers)


def unanswered(diagnosis: Diagnosis, answers: list[PairAnswer]) -> dict[tuple[str, str], str]:
    """Pairs that were compared both ways and of which `survey` has no answer, with the reason."""
    known, reasons = {(one.a, one.b) for one in answers}, {}
    for pair in diagnosis.pairs:
        if pair in known:
            continue
        try:
            diagnosis.answer(*pair)
        except ComparisonError as error:
            reasons[pair] = error.problem
    return reasons


def controlled(answers: list[PairAnswer], level: float = 0.05) -> list[PairAnswer]:
    """Answers with the q of every finding."""
    if not answers:
        return []
    q = false_discovery_control([min((one.test.p for one in answer.findings), default=1.0) for answer in answers])
    per_selected = len(answers) / max(1, int((q < level).sum()))
    result = []
    for answer, own in zip(answers, map(float, q), strict=True):
        found = (_with_q(one, max(own, one.test.p * per_selected), level) for one in answer.findings)
        result.append(replace(answer, findings=tuple(found)))
    return result


def _with_q(finding: PlaceFinding, q: float, level: float) -> PlaceFinding:
    q = min(1.0, q)
    if q < level or finding.word == "not supported":
        return replace(finding, q=q)
    return replace(finding, q=q, word="not supported", reasons=(f"q = {q:.2g} over all pairs", *finding.reasons))


def survey_table(answers: list[PairAnswer]) -> pd.DataFrame:
    """One row per pair and place: species, reference, place, term, word, share, density, p, q, n, n_reference."""
    return pd.DataFrame(
        [
            {
                "species": answer.a, "reference": answer.b, "place": one.test.place.name, "term": one.test.place.term,
                "word": one.word, "shortcut": one.shortcut, "evidence": one.test.evidence, "low": one.test.low,
                "high": one.test.high, "share": one.test.share, "density": one.test.density, "p": one.test.p,
                "q": one.q, "n": answer.n_a, "n_reference": answer.n_b, "why": "; ".join(one.reasons),
            }
            for answer in answers
            for one in answer.findings
        ]
    )  # fmt: skip
