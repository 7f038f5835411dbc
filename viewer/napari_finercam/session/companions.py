"""Specimens of a look-alike, with their own evidence for the same difference: what the specimen is compared with."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from finercam_core.errors import FinercamError
from finercam_core.images.decoder import load_image
from finercam_core.images.overlay import laid_over
from finercam_core.images.preparation import to_image
from finercam_core.status import Status
from finercam_core.store import SpecimenRecord, Store
from napari_finercam.session.comparison import Map, Settings, grid_map
from napari_finercam.session.scores import UNREADABLE

COUNT = 4
SIDE = 320
_TRIED = 12
_TINY = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class Question:
    """What is to be shown: specimens of `reference`, and what tells them from `target`."""

    reference: str
    target: str
    settings: tuple[float, str, bool]


@dataclass(frozen=True)
class Companion:
    """One specimen beside: its picture with the map laid over it, and what the map is."""

    image_id: str
    picture: npt.NDArray[np.uint8]
    caption: str


def companions(store: Store, question: Question, count: int = COUNT) -> list[Companion]:
    """Up to `count` specimens of the reference species, spread over those that the store has; bad ones are left out."""
    rows = store.rows
    ids = rows.index[(rows["scientificName"] == question.reference).to_numpy(bool)]
    if not len(ids):
        return []
    at = np.unique(np.linspace(0, len(ids) - 1, min(_TRIED, len(ids))).round().astype(int))
    # First those far apart, then the ones between them in place of those that cannot be shown.
    order = [*at[:: max(1, len(at) // count)], *at]
    found: list[Companion] = []
    for image_id in dict.fromkeys(str(ids[i]) for i in order):
        if len(found) == count:
            break
        companion = _companion(store, image_id, question)
        if companion is not None:
            found.append(companion)
    return found


def _companion(store: Store, image_id: str, question: Question) -> Companion | None:
    try:
        record = store.record(image_id)
        if record.status != Status.DONE:
            return None
        picture = load_image(store.place(image_id), root=store.images_root, at_least=(SIDE, SIDE))
    except (FinercamError, *UNREADABLE):
        return None
    picture.thumbnail((SIDE, SIDE))
    values, caption = _difference(record, question)
    signed = question.settings[2]
    large = to_image(values if signed else np.maximum(values, 0), store.preparation.window(picture.size), picture.size)
    large /= max(float(np.abs(large).max()), _TINY)
    return Companion(image_id, laid_over(np.asarray(picture), large, signed=signed), caption)


def _difference(record: SpecimenRecord, question: Question) -> tuple[Map, str]:
    """The companion's map against the target species alone, or its own evidence where that pair is not stored."""
    used = np.array([i > 0 and name == question.target for i, name in enumerate(record.classes)])
    gamma, weighting, _ = question.settings
    settings = Settings(gamma, "softmax" if weighting == "softmax" else "mean")
    if used.any():
        return grid_map(record, used, settings), f"what tells it from {question.target}"
    return grid_map(record, used, settings), "its own evidence; the pair is not stored"
