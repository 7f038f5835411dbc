"""Changed pictures of a specimen: a place hidden, or put in from a specimen of the other species."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation, distance_transform_edt, gaussian_filter
from scipy.signal import fftconvolve

from finercam_core.diagnosis.alignment.frame import Mask, carried, in_cells
from finercam_core.diagnosis.alignment.specimen_pictures import Pixels, SpecimenPicture
from finercam_core.evaluate.traits.cover import OUTSIDE

FEATHER = 1.5  # pixels over which an edit fades out
RING = 3  # pixels around a place: its surroundings
FILLS = ("blur", "surroundings")
Floats = npt.NDArray[np.float64]


def part_region(target: SpecimenPicture, donor: SpecimenPicture, trait: int) -> Mask:
    """Where a named part is: the target's own, and where the donor's would be on the target; bool (H, W)."""
    own = target.labels == trait
    theirs = carried((donor.labels == trait).astype(np.float64), donor.where, target.where, own.shape) > 0.5
    return np.asarray(own | theirs)


def cell_region(target: SpecimenPicture, cells: Mask) -> Mask:
    """Where cells of the common frame (side, side) lie on a specimen; bool (H, W)."""
    ys, xs = np.mgrid[: target.labels.shape[0], : target.labels.shape[1]]
    return in_cells(cells, target.where.to_frame(np.stack([xs, ys], -1)))


def outside_region(target: SpecimenPicture, donor: SpecimenPicture) -> Mask:
    """What is clear of both specimens in their photographs as they are; bool (H, W)."""
    bodies = (target.labels != OUTSIDE) | (donor.labels != OUTSIDE)
    return np.asarray(~binary_dilation(bodies, iterations=RING))


def matched_region(
    region: Mask, picture: SpecimenPicture, rng: np.random.Generator, avoid: Mask | None = None
) -> Mask | None:
    """The same shape elsewhere on the specimen, as far from its outline as the place itself; None if none fits.

    Of the shifts at which the shape meets neither the place nor `avoid` by more than a tenth, and lies at least half as
    much on the specimen as the place does, one is drawn among the tenth whose mean distance from the outline is most
    like the place's.
    """
    if not region.any():
        return None
    inner = picture.labels != OUTSIDE
    depth = distance_transform_edt(inner) - distance_transform_edt(~inner)
    taken = region if avoid is None else region | avoid
    ys, xs = np.nonzero(region)
    wanted, least = depth[ys, xs].mean(), 0.5 * inner[ys, xs].mean()
    shape = region[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1].astype(np.float64)
    # Mean of each over the shape at every shift, of which every second row and column is tried.
    met, on, deep = (_means(values, shape) for values in (taken, inner, depth))
    fits = (np.rint(met * len(ys)) <= 0.1 * len(ys)) & (on >= least - 1e-9)
    found = [
        (round(abs(float(deep[row, column]) - wanted), 9), row - int(ys.min()), column - int(xs.min()))
        for row in range(0, len(fits), 2)
        for column in range(0, fits.shape[1], 2)
        if fits[row, column]
    ]
    if not found:
        return None
    best = sorted(found)[: max(1, len(found) // 10)]
    _, dy, dx = best[int(rng.integers(len(best)))]
    moved = np.zeros_like(region)
    moved[ys + dy, xs + dx] = True
    return moved


def _means(values: npt.NDArray[Any], shape: Floats) -> Floats:
    """Mean of values (H, W) over a shape (h, w) of 0 and 1 wherever it fits in; float64 (H - h + 1, W - w + 1)."""
    sums = fftconvolve(values.astype(np.float64), shape[::-1, ::-1], mode="valid")
    return np.asarray(sums / shape.sum())


def hidden(picture: SpecimenPicture, region: Mask, fill: str = "blur") -> Pixels:
    """A specimen with a place filled from its surroundings: blurred in, or with their mean colour; uint8 (H, W, 3)."""
    pixels, known = picture.pixels.astype(np.float64), (~region).astype(np.float64)
    ring = binary_dilation(region, iterations=RING) & ~region
    mean = pixels[ring].mean(0) if ring.any() else pixels.mean((0, 1))
    if fill == "surroundings":
        return _mixed(pixels, np.broadcast_to(mean, pixels.shape), region)
    # Normalised convolution: what is known spreads into what is not, the nearest first.
    reach = max(2.0, 0.5 * float(distance_transform_edt(region).max()))
    weight = gaussian_filter(known, reach)
    spread = gaussian_filter(pixels * known[..., None], (reach, reach, 0))
    filled = np.where(weight[..., None] > 1e-3, spread / np.maximum(weight, 1e-3)[..., None], mean)
    return _mixed(pixels, filled, region)


def exchanged(target: SpecimenPicture, donor: SpecimenPicture, region: Mask, *, aligned: bool = True) -> Pixels:
    """A specimen with a place of another put in, as bright around it as the target; uint8 (H, W, 3).

    Parameters
    ----------
    target, donor : SpecimenPicture
    region : bool array (H, W)
        On the target.
    aligned : bool
        Bring the donor into the target's place first; False leaves its picture as it was photographed.
    """
    pixels = target.pixels.astype(np.float64)
    size = (pixels.shape[0], pixels.shape[1])
    theirs = donor.pixels.astype(np.float64)
    if aligned:
        theirs = np.moveaxis(carried(np.moveaxis(theirs, -1, 0), donor.where, target.where, size), 0, -1)
        ring = binary_dilation(region, iterations=RING) & ~region
        if ring.any():
            theirs = theirs + (pixels[ring].mean(0) - theirs[ring].mean(0))
    return _mixed(pixels, theirs, region)


def _mixed(pixels: Floats, other: Floats, region: Mask) -> Pixels:
    """The other picture within the region, fading out over its edge."""
    share = np.maximum(gaussian_filter(region.astype(np.float64), FEATHER), region * 0.999)[..., None]
    mixed: Pixels = np.rint(pixels * (1 - share) + other * share).clip(0, 255).astype(np.uint8)
    return mixed
