"""Small pictures of specimens with their map and the outline of the region that a verdict would keep."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation

from finercam_core.errors import FinercamError
from finercam_core.finer import choose_references
from finercam_core.images.decoder import load_image
from finercam_core.images.overlay import laid_over
from finercam_core.images.preparation import to_image
from finercam_core.regions.rle import placed
from finercam_core.review import Region
from finercam_core.store import SpecimenRecord, Store
from finercam_core.store.backgrounds import backgrounds_of
from napari_finercam.session.comparison import ComparisonSettings, shown_map, unit_scaled
from napari_finercam.session.listing.scores import UNREADABLE
from napari_finercam.session.regions import Mask, Threshold

SIDE = 240
_WHITE, _DARK = (255, 255, 255), (20, 20, 20)


@dataclass(frozen=True)
class ThumbnailQuery:
    """Which specimen to draw, and how.

    Attributes
    ----------
    image_id : str
    regions : tuple of Region or None
        Those of its draft or its verdict; None where the region is cut from the map.
    settings : ComparisonSettings
    threshold : Threshold
        Copies that nothing changes any more.
    references : tuple of str or None
        Those that were chosen for its species, None for all.
    """

    image_id: str
    regions: tuple[Region, ...] | None
    settings: ComparisonSettings
    threshold: Threshold
    references: tuple[str, ...] | None

    def frozen(self) -> "ThumbnailQuery":
        """The same with settings of its own."""
        return replace(self, settings=replace(self.settings), threshold=replace(self.threshold))


def thumbnail(store: Store, query: ThumbnailQuery) -> npt.NDArray[np.uint8] | None:
    """The picture, uint8 (height, width, 3), at most `SIDE` a side; None if photograph or map cannot be read."""
    try:
        record = store.record(query.image_id)
        picture = load_image(store.place(query.image_id), root=store.images_root, at_least=(SIDE, SIDE))
    except (FinercamError, *UNREADABLE):
        return None
    picture.thumbnail((SIDE, SIDE))
    pixels = np.asarray(picture)
    values = _map(store, record, query, picture.size)
    region = query.threshold.mask(values) if query.regions is None else _union(query.regions, pixels.shape)
    return _outlined(laid_over(pixels, unit_scaled(values)), region)


def _map(store: Store, record: SpecimenRecord, query: ThumbnailQuery, size: tuple[int, int]) -> npt.NDArray[np.float32]:
    used = choose_references(record.classes, query.references)
    values = np.maximum(shown_map(backgrounds_of(store), record, used, query.settings).values, 0)
    return to_image(values, store.preparation.window(size), size)


def _union(regions: tuple[Region, ...], shape: tuple[int, ...]) -> Mask:
    union = np.zeros(shape[:2], bool)
    for region in regions:
        mask = placed(region.rle, shape)
        if mask is not None:
            union |= mask
    return union


def _outlined(pixels: npt.NDArray[np.uint8], region: Mask) -> npt.NDArray[np.uint8]:
    """A light line around the region with a dark one outside it, to be seen on any ground."""
    light = binary_dilation(region) & ~region
    dark = binary_dilation(region, iterations=2) & ~region & ~light
    result = pixels.copy()
    result[light], result[dark] = _WHITE, _DARK
    return result
