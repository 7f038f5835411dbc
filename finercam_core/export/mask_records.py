"""Masks to export, one at a time: those that reviewers accepted, or thresholds that nobody has reviewed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

import numpy as np
import numpy.typing as npt

from finercam_core.baselines import BASELINES
from finercam_core.errors import ComparisonError, ExportError, FinercamError
from finercam_core.export.mask_description import NOT_REVIEWED, MaskDescription, without_folders
from finercam_core.finer import choose_references, coefficients, gamma_for
from finercam_core.images.decoder import image_size
from finercam_core.images.faults import ImageError
from finercam_core.images.preparation import to_image
from finercam_core.redaction import without_secrets
from finercam_core.regions.rle import decode
from finercam_core.regions.threshold import region
from finercam_core.review import LastVerdicts, Region, Verdict
from finercam_core.status import Status
from finercam_core.store import SpecimenRecord, Store
from finercam_core.store.backgrounds import Backgrounds
from finercam_core.strengths import Baseline

__all__ = ["NOT_REVIEWED", "MaskDescription", "without_folders"]


class SpecimenError(ExportError):
    """One specimen's masks cannot be exported; the others can."""


@dataclass(frozen=True)
class MaskRecord:
    """One mask with everything that a reader of it needs to know.

    Attributes
    ----------
    image_id : str
        The specimen.
    address : str
        Where its photograph is, relative to the collection.
    mask : bool array (height, width)
        At image resolution.
    about : MaskDescription
    stored : SpecimenRecord, optional
        What the store has of the specimen, where it was read anyway.
    number : int
        Number of the region among those of its reviewer on the specimen.
    """

    image_id: str
    address: str
    mask: npt.NDArray[np.bool_]
    about: MaskDescription
    stored: SpecimenRecord | None = None
    number: int = 1

    @property
    def place(self) -> str:
        """The address as files tell it: without user names, passwords and tokens."""
        return without_secrets(self.address)


@dataclass(frozen=True)
class UnavailableMask:
    """Why a specimen's mask, or a line of a log, cannot be exported."""

    image_id: str
    error: FinercamError


ExportItem = MaskRecord | UnavailableMask


def accepted_masks(store: Store, reviewer: str | None = None) -> Iterator[ExportItem]:
    """Regions of the last verdicts that accept; those of one specimen follow each other.

    Parameters
    ----------
    store : Store
    reviewer : str, optional
        Whose verdicts; those of all by default.

    Yields
    ------
    MaskRecord, or UnavailableMask with a specimen's id or a line of a log.

    Raises
    ------
    ExportError
        If that reviewer has no verdict in the store.
    """
    verdicts = LastVerdicts(store.location)
    if reviewer is not None and reviewer not in verdicts.reviewers:
        raise ExportError(f"{reviewer!r} reviewed nothing here", f"choose from {', '.join(verdicts.reviewers)}")
    for line, problem in verdicts.problems.items():
        yield UnavailableMask(line, SpecimenError(problem, "fix or remove it"))
    for verdict in verdicts.read("accept", reviewer):
        if verdict.image_id not in store.rows.index:
            reason = SpecimenError("it is accepted, but no longer in the collection")
            yield UnavailableMask(verdict.image_id, reason)
            continue
        for position, part in enumerate(verdict.regions, 1):
            yield record_of(store, verdict, replace(part, number=part.number or position))


def address_of(store: Store, image_id: str) -> str:
    """Where a specimen's photograph is, relative to the collection also where the catalog has a whole path."""
    place = store.place(image_id)
    path, root = PurePath(place), store.images_root
    return path.relative_to(root).as_posix() if path.is_absolute() and path.is_relative_to(root) else place


def record_of(store: Store, verdict: Verdict, region: Region) -> MaskRecord:
    """A region of a verdict, with everything that a reader of it needs to know."""
    address, about = address_of(store, verdict.image_id), describe_region(store, verdict, region)
    return MaskRecord(verdict.image_id, address, decode(region.rle), about, number=region.number)


def describe_region(store: Store, verdict: Verdict, region: Region) -> MaskDescription:
    """What a reader of a verdict's region needs to know."""
    made, unreviewed = region.comparison or verdict.comparison, _unreviewed(store, verdict.image_id)
    return replace(
        unreviewed,
        references=tuple(made.references),
        gamma=made.gamma,
        weighting=made.weighting,
        method=made.method,
        above=made.above,
        above_mean=made.above_mean,
        threshold=region.threshold,
        smoothing=region.smoothing,
        source=region.source,
        painted_share=region.painted_share,
        snapped=region.snapped,
        trait=region.trait,
        uberon=region.uberon,
        reviewer=verdict.reviewer,
        decision=verdict.decision or NOT_REVIEWED,
        note=verdict.note,
        time=verdict.time,
        run=verdict.run or unreviewed.run,
    )


def read_record(store: Store, image_id: str) -> SpecimenRecord:
    """What a store has of a specimen.

    Raises
    ------
    SpecimenError
        If its maps are missing or damaged.
    """
    try:
        return store.record(image_id)
    except (FinercamError, OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
        reason = error.problem if isinstance(error, FinercamError) else f"{type(error).__name__}: {error}"
        raise SpecimenError(f"its maps cannot be read: {reason}", "see `finercam info`") from error


def automatic_masks(
    store: Store,
    *,
    gamma: float | None = None,
    top: float = 0.05,
    references: str | Sequence[str] | None = None,
    baseline: Baseline = "none",
) -> Iterator[ExportItem]:
    """Regions of the largest values of every specimen's map; their descriptions say that nobody reviewed them.

    Parameters
    ----------
    store : Store
    gamma : float, optional
        By default what `gamma_for` says of the store's maps.
    top : float
        Share of the pixels in a region.
    references : sequence of str, optional
        By default all stored ones.
    baseline : str
        What maps are looked at above, see `finercam_core.baselines`.

    Yields
    ------
    MaskRecord, or UnavailableMask for a specimen whose photograph or maps cannot be read.
    """
    backgrounds = Backgrounds(store)
    for image_id in map(str, store.rows.index):
        address = address_of(store, image_id)
        try:
            record = read_record(store, image_id)
            if record.status != Status.DONE:
                continue
            size = image_size(address, root=store.images_root)
        except (SpecimenError, ImageError) as error:
            yield UnavailableMask(image_id, error)
            continue
        use = choose_references(record.classes, references)
        compared = record.compared_at
        used_gamma = gamma_for(compared) if gamma is None else gamma
        weights = coefficients(record.logit, record.log_sum_exp, gamma=used_gamma, use=use, compared_at=compared)
        try:
            shown = backgrounds.above(record, weights, used_gamma, baseline)
        except ComparisonError as error:
            if baseline not in BASELINES:
                raise
            yield UnavailableMask(image_id, error)
            continue
        large = to_image(np.maximum(shown.values, 0), store.preparation.window(size), size)
        about = replace(
            _unreviewed(store, record.image_id),
            references=tuple(name for name, used in zip(record.classes, use, strict=True) if used),
            gamma=used_gamma,
            threshold={"top": top},
            above=baseline,
            above_mean=shown.mean,
        )
        yield MaskRecord(record.image_id, address, region(large, top=top), about, record)


def _unreviewed(store: Store, image_id: str) -> MaskDescription:
    """What is the same for every mask of a specimen."""
    row, made = store.row(image_id), store.provenance
    model = made.classifier
    return MaskDescription(
        scientificName=str(row["scientificName"]),
        license=str(row["license"]),
        rightsHolder=str(row["rightsHolder"]),
        model=without_folders(model.model),
        weights_sha256=model.weights_sha256,
        target_layer=model.target_layer,
        method=made.method,
        run=made.run,
        collection=made.collection,
    )
