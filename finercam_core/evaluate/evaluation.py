"""`evaluate`: from a store to tables, figures and one JSON of everything."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from finercam_core.evaluate.caveats import caveats
from finercam_core.evaluate.classifier_checks import Checks, read_checks
from finercam_core.evaluate.output import write_report
from finercam_core.evaluate.protocol import EvaluationError, Protocol
from finercam_core.evaluate.published import beside, read_published
from finercam_core.evaluate.species_figures import SpeciesFigures, kept_figures
from finercam_core.evaluate.specimen_regions import SpecimenRegions, read_boxes
from finercam_core.evaluate.statistics.species_tables import accuracy_table, localisation_table
from finercam_core.evaluate.traits.characters import direction_table, pair_table
from finercam_core.evaluate.with_truth.energy_table import true_energy_table
from finercam_core.evaluate.with_truth.planted_traits import planted_ranks
from finercam_core.evaluate.with_truth.true_regions import TrueRegions
from finercam_core.regions.traits import traits_of
from finercam_core.store import Store, open_store

Progress = Callable[[int, int], None]
Planted = Callable[[str, str], Iterable[str]]


@dataclass(frozen=True)
class EvaluationReport:
    """Outcome of an evaluation.

    Attributes
    ----------
    folder : Path
        What was written, see docs/evaluation.md.
    specimens : DataFrame
        Localisation of each map of each specimen, `localisation.judge`.
    traits : DataFrame
        Species × reference × trait with intervals and UBERON terms, `characters.direction_table`.
    characters : DataFrame
        What separates each pair, `characters.pair_table`.
    localisation, accuracy, caveats : DataFrame
        `species_tables.localisation_table`, `species_tables.accuracy_table`, `caveats.caveats`.
    planted : DataFrame
        `planted_traits.planted_ranks` where the true differences are known, else empty.
    truth : DataFrame
        `energy_table.true_energy_table` where the true regions are known, else empty.
    beside : DataFrame
        `published.beside` where published figures were given, else empty.
    checks : Checks
        Faithfulness and sanity, where `with_model.checks.check` left them in the folder.
    left_out : DataFrame
        Specimens without figures: image_id, scientificName, reason.
    protocol : dict
        Settings and rules; `provenance` of the store beside it.
    provenance : dict
    reused : int
        Species whose figures were there already.
    """

    folder: Path
    specimens: pd.DataFrame
    traits: pd.DataFrame
    characters: pd.DataFrame
    localisation: pd.DataFrame
    accuracy: pd.DataFrame
    caveats: pd.DataFrame
    planted: pd.DataFrame
    truth: pd.DataFrame
    left_out: pd.DataFrame
    protocol: dict[str, Any]
    provenance: dict[str, Any]
    reused: int
    beside: pd.DataFrame = field(default_factory=pd.DataFrame)
    checks: Checks = field(default_factory=Checks)


def evaluate(
    location: str | Path,
    out: str | Path,
    *,
    protocol: Protocol | None = None,
    images: str | Path | None = None,
    boxes: str | Path | None = None,
    planted: Planted | None = None,
    truth: TrueRegions | None = None,
    published: str | Path | None = None,
    checked: str | Path | None = None,
    progress: Progress | None = None,
) -> EvaluationReport:
    """Measure what a store's maps show, without the model and without torch.

    Parameters
    ----------
    location : str or Path
        The store.
    out : str or Path
        Folder for tables, plots and `evaluation.json`. A run that was stopped goes on from what it left there, and
        what `with_model.checks.check` has left there of the same store is taken into the report.
    protocol : Protocol, optional
    images : str or Path, optional
        Folder of the collection's images and masks, if it moved.
    boxes : str or Path, optional
        Table of boxes around the specimens, see `specimen_regions.read_boxes`, for collections without masks.
    planted : callable, optional
        ``planted(species, reference)`` names the traits that truly differ; for rendered collections
        `planted_traits.planted_names`.
    truth : TrueRegions, optional
        Where specimens truly differ; for rendered collections `planted_traits.rendered_truth`.
    published : str or Path, optional
        "paper" or a table of figures to print ours beside, see `published.read_published`.
    checked : str or Path, optional
        Folder in which `with_model.checks.check` left faithfulness and sanity, if it is another one than `out`.
    progress : callable, optional
        Called with the numbers of species that are ready and of all.

    Returns
    -------
    EvaluationReport

    Raises
    ------
    StoreError
        If the location holds no store.
    EvaluationError
        If no specimen is in the split, none has maps, or the boxes or the published figures cannot be used.
    """
    store, folder, settings = open_store(location, images=images), Path(out), protocol or Protocol()
    regions = SpecimenRegions() if boxes is None else read_boxes(boxes)
    others = read_published(published, str(store.provenance.get("collection", ""))) if published else None
    figures, reused = _gather(store, folder / "parts", settings, regions, truth, progress)
    checks = read_checks(Path(checked or folder), str(store.provenance.get("run")))
    report = _summarise(store, folder, settings, figures, planted, reused, checks)
    if others is not None:
        report = replace(report, beside=beside(others, report.localisation, report.checks.faithfulness))
    write_report(report)
    return report


def _gather(
    store: Store, folder: Path, protocol: Protocol, regions: SpecimenRegions, truth: TrueRegions | None,
    progress: Progress | None,
) -> tuple[list[SpeciesFigures], int]:  # fmt: skip
    groups = protocol.specimens(store).groupby("scientificName", sort=True)["image_id"]
    found, reused = [], 0
    for done, (name, ids) in enumerate(groups, 1):
        figures, kept = kept_figures(store, str(name), sorted(ids), protocol, folder, regions, truth)
        found.append(figures)
        reused += kept
        if progress is not None:
            progress(done, groups.ngroups)
    return found, reused


def _joined(figures: Iterable[SpeciesFigures], part: str) -> pd.DataFrame:
    tables = [table for one in figures if len(table := getattr(one, part))]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _summarise(
    store: Store,
    folder: Path,
    protocol: Protocol,
    figures: list[SpeciesFigures],
    planted: Planted | None,
    reused: int,
    checks: Checks,
) -> EvaluationReport:
    specimens, attributions = _joined(figures, "specimens"), _joined(figures, "traits")
    if specimens.empty:
        raise EvaluationError(f"no specimen of {store.location} has maps", "see `finercam info` for the reasons")
    labels, seed = traits_of(store), protocol.seed
    known = len(attributions) > 0
    directions = direction_table(attributions, labels, seed=seed) if known else pd.DataFrame()
    pairs = pair_table(attributions, labels, seed=seed) if known else pd.DataFrame()
    accuracy, localisation = accuracy_table(specimens), localisation_table(specimens, seed=seed)
    return EvaluationReport(
        folder, specimens, directions, pairs, localisation, accuracy,
        caveats(accuracy, localisation, directions, pairs, checks.faithfulness),
        planted_ranks(pairs, planted, directions) if planted is not None and len(pairs) else pd.DataFrame(),
        true_energy_table(_joined(figures, "energies"), seed=seed), _joined(figures, "left_out"),
        {"judged": protocol.judged(store), **protocol.describe()}, dict(store.provenance), reused, checks=checks,
    )  # fmt: skip
