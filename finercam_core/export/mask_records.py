"""Masks to export, one at a time: those that reviewers accepted, or thresholds that nobody has reviewed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from finercam_core.errors import ExportError, FinercamError
from finercam_core.finer import choose_references, coefficients, combine, gamma_for
from finercam_core.images.decoder import image_size
from finercam_core.images.faults import ImageError
from finercam_core.images.preparation import to_image
from finercam_core.regions.rle import decode
from finercam_core.regions.threshold import region
from finercam_core.review import LastVerdicts, Region, Verdict
from finercam_core.status import Status
from finercam_core.store import SpecimenRecord, Store


class SpecimenError(ExportError):
    """One specimen's masks cannot be exported; the others can."""


@dataclass(frozen=True)
class MaskRecord:
    """One mask with everything that a reader of it needs to know.

    Attributes
    ----------
    image_id, place : str
        The specimen and where its photograph is, relative to the collection.
    mask : bool array (height, width)
        At image resolution.
    about : dict
        Plain JSON values: scientificName, references, gamma, weighting, method, threshold, trait, uberon, reviewer,
        decision, note, license, rightsHolder, model, weights_sha256, target_layer, run.
    stored : SpecimenRecord, optional
        What the store has of the specimen, where it was read anyway.
    """

    image_id: str
    place: str
    mask: npt.NDArray[np.bool_]
    about: dict[str, Any]
    stored: SpecimenRecord | None = None


Found = MaskRecord | tuple[str, FinercamError]


def accepted_masks(store: Store, reviewer: str | None = None) -> Iterator[Found]:
    """Regions of the last verdicts that accept; those of one specimen follow each other.

    Parameters
    ----------
    store : Store
    reviewer : str, optional
        Whose verdicts; those of all by default.

    Yields
    ------
    MaskRecord, or what cannot be exported, a specimen's id or a line of a log, with the error.

    Raises
    ------
    ExportError
        If that reviewer said nothing at all.
    """
    verdicts = LastVerdicts(store.location)
    if reviewer is not None and reviewer not in verdicts.reviewers:
        raise ExportError(f"{reviewer!r} reviewed nothing here", f"choose from {', '.join(verdicts.reviewers)}")
    for line, problem in verdicts.problems.items():
        yield line, SpecimenError(problem, "mend or remove it")
    for verdict in verdicts.read("accept", reviewer):
        if verdict.image_id not in store.rows.index:
            yield verdict.image_id, SpecimenError("it is accepted, but no longer in the collection")
            continue
        for part in verdict.regions:
            yield record_of(store, verdict, part)


def record_of(store: Store, verdict: Verdict, part: Region) -> MaskRecord:
    """A region of a verdict, with everything that a reader of it needs to know."""
    about = about_region(store, verdict, part)
    return MaskRecord(verdict.image_id, store.place(verdict.image_id), decode(part.rle), about)


def about_region(store: Store, verdict: Verdict, part: Region) -> dict[str, Any]:
    """What a reader of a verdict's region needs to know: the `about` of a `MaskRecord`."""
    made = verdict.comparison
    return _about(store, verdict.image_id) | {
        "references": list(made.references), "gamma": made.gamma, "weighting": made.weighting, "method": made.method,
        "threshold": part.threshold, "smoothing": part.smoothing, "source": part.source,
        "trait": part.trait, "uberon": part.uberon, "reviewer": verdict.reviewer,
        "decision": verdict.decision or "not reviewed", "note": verdict.note, "time": verdict.time,
        "run": verdict.run or store.provenance["run"],
    }  # fmt: skip


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
        raise SpecimenError(f"its maps cannot be read: {reason}", "look with `finercam info`") from error


def automatic_masks(
    store: Store, *, gamma: float | None = None, top: float = 0.05, references: Sequence[str] | None = None
) -> Iterator[Found]:
    """Regions of the largest values of every specimen's map; nobody has looked at them, and they say so.

    Parameters
    ----------
    store : Store
    gamma : float, optional
        By default what `gamma_for` says of the store's maps.
    top : float
        Share of the pixels.
    references : sequence of str, optional
        All stored ones by default.

    Yields
    ------
    MaskRecord, or the id of a specimen whose photograph or maps cannot be had, with the error.
    """
    for image_id in map(str, store.rows.index):
        place = store.place(image_id)
        try:
            record = read_record(store, image_id)
            if record.status != Status.DONE:
                continue
            size = image_size(place, root=store.images_root)
        except (SpecimenError, ImageError) as error:
            yield image_id, error
            continue
        use = choose_references(record.classes, references)
        compared = record.compared_at
        used_gamma = gamma_for(compared) if gamma is None else gamma
        weights = coefficients(record.logit, record.log_sum_exp, gamma=used_gamma, use=use, compared_at=compared)
        mask = region(to_image(combine(record.evidence, weights), store.preparation.window(size), size), top=top)
        about = _about(store, record.image_id) | {
            "references": [name for name, used in zip(record.classes, use, strict=True) if used],
            "gamma": used_gamma, "weighting": "mean", "threshold": {"top": top}, "smoothing": 0.0,
            "source": "threshold", "trait": "", "uberon": "", "reviewer": None, "decision": "not reviewed", "note": "",
            "time": "",
        }  # fmt: skip
        yield MaskRecord(record.image_id, place, mask, about, record)


def _about(store: Store, image_id: str) -> dict[str, Any]:
    """What is the same for every mask of a specimen."""
    row, made = store.row(image_id), store.provenance
    model = {key: made["classifier"].get(key, "") for key in ("model", "weights_sha256", "target_layer")}
    rights = {key: str(row[key]) for key in ("scientificName", "license", "rightsHolder")}
    return {**rights, **model, "method": made["method"], "run": made["run"], "collection": made["collection"]}
