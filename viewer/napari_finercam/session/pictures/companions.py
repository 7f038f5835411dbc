"""Specimens of a look-alike, with their own evidence for the same difference."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from finercam_core.errors import FinercamError
from finercam_core.images.decoder import load_image
from finercam_core.images.overlay import laid_over
from finercam_core.images.preparation import to_image
from finercam_core.status import Status
from finercam_core.store import SpecimenRecord, Store
from finercam_core.store.backgrounds import Backgrounds, backgrounds_of
from napari_finercam.session.comparison import ComparisonSettings, Map, shown_map, unit_scaled
from napari_finercam.session.listing.scores import UNREADABLE

COUNT = 4
SIDE = 320
_CANDIDATES = 12


@dataclass(frozen=True)
class CompanionQuery:
    """Which specimens to show: those of `reference`, with what tells them from `target`.

    Attributes
    ----------
    reference, target : str
        Scientific names.
    settings : ComparisonSettings
        A copy that nothing changes any more.
    """

    reference: str
    target: str
    settings: ComparisonSettings


@dataclass(frozen=True)
class Companion:
    """A specimen of the look-alike.

    Attributes
    ----------
    image_id : str
    picture : uint8 array (height, width, 3)
        Its photograph, at most `SIDE` pixels a side, under its map.
    caption : str
        What the map shows.
    """

    image_id: str
    picture: npt.NDArray[np.uint8]
    caption: str


def companions(store: Store, query: CompanionQuery, count: int = COUNT) -> list[Companion]:
    """Up to `count` specimens of the reference species, spread over the store's; unreadable ones are left out."""
    rows = store.rows
    ids = rows.index[(rows["scientificName"] == query.reference).to_numpy(bool)]
    if not len(ids):
        return []
    spread = np.unique(np.linspace(0, len(ids) - 1, min(_CANDIDATES, len(ids))).round().astype(int))
    # First those far apart, then the ones between them in place of those that cannot be shown.
    order = [*spread[:: max(1, len(spread) // count)], *spread]
    shown: list[Companion] = []
    for image_id in dict.fromkeys(str(ids[i]) for i in order):
        if len(shown) == count:
            break
        companion = _companion(store, image_id, query)
        if companion is not None:
            shown.append(companion)
    return shown


def _companion(store: Store, image_id: str, query: CompanionQuery) -> Companion | None:
    try:
        record = store.record(image_id)
        if record.status != Status.DONE:
            return None
        picture = load_image(store.place(image_id), root=store.images_root, at_least=(SIDE, SIDE))
    except (FinercamError, *UNREADABLE):
        return None
    picture.thumbnail((SIDE, SIDE))
    values, caption = _difference(backgrounds_of(store), record, query)
    signed = query.settings.signed
    shown = values if signed else np.maximum(values, 0)
    large = unit_scaled(to_image(shown, store.preparation.window(picture.size), picture.size))
    return Companion(image_id, laid_over(np.asarray(picture), large, signed=signed), caption)


def _difference(backgrounds: Backgrounds, record: SpecimenRecord, query: CompanionQuery) -> tuple[Map, str]:
    """The companion's map against the target species alone, or its own evidence where that pair is not stored."""
    used = np.array([i > 0 and name == query.target for i, name in enumerate(record.classes)])
    softmax = query.settings.weighting == "softmax"
    settings = replace(query.settings, weighting="softmax" if softmax else "mean")
    values = shown_map(backgrounds, record, used, settings).values
    return values, f"what tells it from {query.target}" if used.any() else "its own evidence; the pair is not stored"
