"""A specimen as the model saw it: prepared pixels, which part each shows, and where the specimen lies in them."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation, binary_fill_holes, gaussian_filter, label
from skimage.filters import threshold_triangle

from finercam_core.diagnosis.alignment.frame import Mask, Placement, placement
from finercam_core.evaluate.specimen_regions import SpecimenLocator
from finercam_core.evaluate.traits.cover import OUTSIDE, UNLABELLED
from finercam_core.images.preparation import Preparation
from finercam_core.regions.masks import read_mask
from finercam_core.regions.traits import traits_of
from finercam_core.store import Store

Pixels = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
_HEADS = ("head", "eye")  # parts that say which end is the front
_SMOOTH, _BORDER = 1.0, 0.25  # pixels; share of the border that may be unlike it
_LEAST, _MOST = 0.02, 0.95  # share of a picture that a specimen found by its background may fill


@dataclass(frozen=True)
class SpecimenPicture:
    """One specimen in the model's input.

    Attributes
    ----------
    image_id : str
    pixels : uint8 array (H, W, 3)
    labels : int64 array (H, W)
        `OUTSIDE` the specimen, `UNLABELLED` on it, or the id of a trait.
    where : Placement
    found_by : str
        "mask", "box", "background" (pixels unlike the picture's border), "picture" (the whole of it), or "carried" (its
        parts are other specimens', see `carried_parts`).
    """

    image_id: str
    pixels: Pixels
    labels: Labels
    where: Placement
    found_by: str

    @property
    def body(self) -> Mask:
        """Pixels of the specimen, bool (H, W)."""
        return np.asarray(self.labels != OUTSIDE)


def specimen_picture(store: Store, image_id: str, *, with_pixels: bool = True) -> SpecimenPicture:
    """Read a specimen's photograph and mask, and find the specimen in it.

    Parameters
    ----------
    store : Store
    image_id : str
    with_pixels : bool
        False does not read the photograph where a mask shows the specimen; `pixels` is then empty.

    Raises
    ------
    ImageError
        If the photograph is needed and cannot be read, or the mask lies outside the collection.
    """
    preparation, mask = store.preparation, read_mask(store, image_id)
    traits = traits_of(store)
    pixels = np.zeros((0, 0, 3), np.uint8)
    if with_pixels or mask is None or not (mask > 0).any():
        pixels = preparation.resize(store.image(image_id))
    body = SpecimenLocator().of(store, image_id, mask)
    if body is None:
        return outlined(image_id, pixels)
    small = seen(body, preparation) > 0
    if not small.any():
        return outlined(image_id, pixels)
    labels = np.where(small, UNLABELLED, OUTSIDE)
    if mask is not None and traits:
        parts = seen(mask, preparation)
        known = np.isin(parts, [trait.id for trait in traits])
        labels = np.where(known, parts, labels)
    heads = [trait.id for trait in traits if trait.name.lower() in _HEADS]
    where = placement(labels != OUTSIDE, np.isin(labels, heads) if heads else None)
    by = "mask" if mask is not None and (mask > 0).any() else "box"
    if by == "box":
        where = replace(where, angle=0.0)
    return SpecimenPicture(image_id, pixels, labels.astype(np.int64), where, by)


def seen(values: npt.ArrayLike, preparation: Preparation) -> Labels:
    """What each pixel of the model's input shows of a mask (height, width) in image pixels, nearest; 0 beyond it."""
    mask = np.asarray(values)
    height, width = mask.shape
    window = preparation.window((width, height))
    rows, columns = (
        np.floor(start + (np.arange(pixels) + 0.5) / pixels * (stop - start))
        for start, stop, pixels in (
            (window.top, window.bottom, preparation.height),
            (window.left, window.right, preparation.width),
        )
    )
    inside = ((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))[None]
    picked = mask[rows.astype(int).clip(0, height - 1)][:, columns.astype(int).clip(0, width - 1)]
    return np.where(inside, picked, 0).astype(np.int64)


def outlined(image_id: str, pixels: Pixels) -> SpecimenPicture:
    """A specimen without mask or box: what is unlike the picture's border, else the whole picture."""
    body, by = foreground(pixels), "background"
    if body is None:
        body, by = np.ones(pixels.shape[:2], bool), "picture"
    labels = np.where(body, UNLABELLED, OUTSIDE).astype(np.int64)
    where = placement(body)
    if by == "picture":
        where = replace(where, angle=0.0)
    return SpecimenPicture(image_id, pixels, labels, where, by)


def foreground(pixels: Pixels) -> Mask | None:
    """The largest thing on an even ground, bool (H, W); None where the ground is not even or nothing stands out.

    Pixels are split by the triangle threshold (Zack, Rogers and Latt, J. Histochem. Cytochem. 25, 1977), which is made
    for one large peak, on their distance from the border's median colour: fins are often nearly as pale as the ground.
    """
    colours = pixels.astype(np.float64)
    edge = np.concatenate([colours[0], colours[-1], colours[:, 0], colours[:, -1]])
    distance = gaussian_filter(np.abs(colours - np.median(edge, axis=0)).sum(-1), _SMOOTH)
    if not np.ptp(distance) > 0:
        return None
    differs = distance > threshold_triangle(distance)  # type: ignore[no-untyped-call]
    border = np.concatenate([differs[0], differs[-1], differs[:, 0], differs[:, -1]])
    if border.mean() > _BORDER:
        return None
    pieces, count = label(binary_dilation(differs))
    if count == 0:
        return None
    largest = 1 + int(np.argmax(np.bincount(pieces.ravel())[1:]))
    body: Mask = binary_fill_holes((pieces == largest) & differs)
    return body if _LEAST < body.mean() < _MOST else None
