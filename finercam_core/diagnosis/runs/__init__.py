"""Two runs of one collection beside each other: how far the maps of each species moved, and what became of findings."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from finercam_core.diagnosis.answer import Diagnosis
from finercam_core.diagnosis.runs import findings as of_pairs
from finercam_core.diagnosis.runs import maps as of_species
from finercam_core.errors import ComparisonError
from finercam_core.evaluate.tables import write_table
from finercam_core.io.progress import Progress
from finercam_core.store.reader import Store
from finercam_core.strengths import GAMMA


@dataclass(frozen=True)
class RunComparison:
    """How far two runs lie apart.

    Attributes
    ----------
    a, b : str
        Locations of the stores.
    gamma : float
        γ of the maps.
    maps : DataFrame
        Per species: `n` specimens with a map in both, `only_a` and `only_b` with one in one alone; the number of
        `references` that both have, with which both maps are made; median `cosine` and its 10 % quantile
        `cosine_low`, median Spearman `rank` correlation over the cells, all in [-1, 1], NaN where not measured;
        `flat` specimens of which one map is the same everywhere, which have no correlation; `same_choice`, the share
        whose first choice is the same species; and in words why something is `not_measured`.
    findings : DataFrame
        Per pair and place that one of the runs finds: its word in each run ("not found" where the place passes no test
        there), whether it `moved`, and why a pair is `not_measured`.
    """

    a: str
    b: str
    gamma: float
    maps: pd.DataFrame
    findings: pd.DataFrame


def compare_runs(
    a: Store, b: Store, *, gamma: float = GAMMA, pairs: int = 20, progress: Progress | None = None
) -> RunComparison:
    """Compare the maps and findings of two runs.

    Parameters
    ----------
    a, b : Store
        Of the same collection: specimens are the same where their ids are.
    gamma : float
        γ of the maps, at least 0.
    pairs : int
        Pairs of species whose findings are compared, at most; the first in the order of names. 0 for none.
    progress : callable, optional
        Called with the numbers of finished and of all steps.

    Raises
    ------
    ComparisonError
        If the two have no species in common.
    """
    species = [name for name in a.species if name in b.groups]
    if not species:
        problem = f"{a.location} and {b.location} have no species in common"
        raise ComparisonError(problem, "compare runs of one collection")
    one, other = Diagnosis(a), Diagnosis(b)
    chosen, findings = of_pairs.pairs_of(one, other, pairs)
    steps, maps = len(species) + len(chosen), []
    for done, name in enumerate(species, 1):
        maps.append(of_species.moved_maps(a, b, name, gamma))
        _step(progress, done, steps)
    for done, pair in enumerate(chosen, len(species) + 1):
        findings += of_pairs.moved_findings(one, other, pair)
        _step(progress, done, steps)
    maps += [of_species.unmeasured(name, a, b) for name in sorted({*a.species, *b.species} - set(species))]
    return RunComparison(
        a.location, b.location, gamma,
        pd.DataFrame(maps, columns=list(of_species.COLUMNS)), pd.DataFrame(findings, columns=list(of_pairs.COLUMNS)),
    )  # fmt: skip


def write_comparison(found: RunComparison, folder: Path) -> None:
    """Write both tables into a folder, as CSV and Parquet: maps and findings."""
    for name, table in (("maps", found.maps), ("findings", found.findings)):
        write_table(table, folder, name)


def _step(progress: Progress | None, done: int, total: int) -> None:
    if progress is not None:
        progress(done, total)
