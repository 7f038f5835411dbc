"""`evaluate`: from a store to tables, figures and one JSON of everything."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from finercam_core.evaluate.caveats import caveats
from finercam_core.evaluate.classifier_checks import Checks, read_checks
from finercam_core.evaluate.protocol import EvaluationError, Protocol
from finercam_core.evaluate.published import beside, read_published
from finercam_core.evaluate.results import EvaluationReport
from finercam_core.evaluate.species_figures import SpeciesFigures, kept_figures
from finercam_core.evaluate.specimen_regions import SpecimenLocator, read_boxes
from finercam_core.evaluate.statistics.species_tables import accuracy_table, localisation_table
from finercam_core.evaluate.tables import joined
from finercam_core.evaluate.traits.characters import direction_table, pair_table
from finercam_core.evaluate.with_truth.energy_table import true_energy_table
from finercam_core.evaluate.with_truth.planted_traits import PlantedTraits, planted_ranks
from finercam_core.evaluate.with_truth.true_regions import TrueRegions
from finercam_core.evaluate.written.files import write_report
from finercam_core.io.progress import Progress
from finercam_core.parts import JudgedImages
from finercam_core.regions.traits import traits_of
from finercam_core.store import Store, open_store


def evaluate(
    location: str | Path,
    out: str | Path,
    *,
    protocol: Protocol | None = None,
    images: str | Path | None = None,
    boxes: str | Path | None = None,
    planted: PlantedTraits | None = None,
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
        Folder for tables, plots and `evaluation.json`. A run that was stopped resumes from what it left there, and
        what `with_model.checks.check` has left there of the same store is included in the report.
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
        Folder in which `with_model.checks.check` left faithfulness and sanity, if it is not `out`.
    progress : callable, optional
        Called with the numbers of finished species and of all species.

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
    regions = SpecimenLocator() if boxes is None else read_boxes(boxes)
    others = read_published(published, store.provenance.collection) if published else None
    figures, reused = _gather(store, folder / "parts", settings, regions, truth, progress)
    checks = read_checks(Path(checked or folder), store.provenance.run)
    report = _summarise(store, folder, settings, figures, planted, reused, checks)
    if others is not None:
        report = replace(report, beside=beside(others, report.localisation, report.checks.faithfulness))
    write_report(report)
    return report


def _gather(
    store: Store, folder: Path, protocol: Protocol, regions: SpecimenLocator, truth: TrueRegions | None,
    progress: Progress | None,
) -> tuple[list[SpeciesFigures], int]:  # fmt: skip
    """Figures of every species that is judged, and how many of them were there already."""
    groups = protocol.specimens(store).groupby("scientificName", sort=True)["image_id"]
    gathered, reused = [], 0
    for done, (name, ids) in enumerate(groups, 1):
        figures, kept = kept_figures(store, str(name), sorted(ids), protocol, folder, regions, truth)
        gathered.append(figures)
        reused += kept
        if progress is not None:
            progress(done, groups.ngroups)
    return gathered, reused


def _summarise(
    store: Store,
    folder: Path,
    protocol: Protocol,
    figures: Sequence[SpeciesFigures],
    planted: PlantedTraits | None,
    reused: int,
    checks: Checks,
) -> EvaluationReport:
    specimens, attributions = joined(one.specimens for one in figures), joined(one.traits for one in figures)
    if specimens.empty:
        left_out = joined(one.left_out for one in figures)
        if protocol.above != "none" and len(left_out):
            raise EvaluationError(f"no specimen can be judged: {left_out['reason'].iloc[0]}", "leave the baseline out")
        raise EvaluationError(f"no specimen of {store.location} has maps", "see `finercam info` for the reasons")
    labels, seed = traits_of(store), protocol.seed
    known = len(attributions) > 0
    directions = direction_table(attributions, labels, seed=seed) if known else pd.DataFrame()
    pairs = pair_table(attributions, labels, seed=seed) if known else pd.DataFrame()
    accuracy, localisation = accuracy_table(specimens), localisation_table(specimens, seed=seed)
    judged = protocol.judged(store)
    return EvaluationReport(
        folder=folder,
        specimens=specimens,
        traits=directions,
        characters=pairs,
        localisation=localisation,
        accuracy=accuracy,
        caveats=caveats(accuracy, localisation, directions, pairs, checks.faithfulness),
        planted=planted_ranks(pairs, planted, directions) if planted is not None and len(pairs) else pd.DataFrame(),
        truth=true_energy_table(joined(one.energies for one in figures), seed=seed),
        left_out=joined([*(one.left_out for one in figures), _refused(store, judged)]),
        protocol={"judged": judged.sentence, "judged_on": judged.mark, **protocol.describe()},
        provenance=store.provenance.to_json(),
        reused=reused,
        checks=checks,
    )


def _refused(store: Store, judged: JudgedImages) -> pd.DataFrame:
    """Images that the catalog calls test and that were trained on, as rows of `left_out`."""
    rows = store.rows.loc[list(judged.refused), ["image_id", "scientificName"]]
    return rows.assign(reason="trained on, though the catalog's split calls it test")
