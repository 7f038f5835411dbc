"""A region's outline drawn to the edges of the specimen, by a watershed on the photograph; no model is needed."""

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import binary_erosion, binary_opening, distance_transform_edt, label, maximum
from skimage.color import rgb2lab
from skimage.filters import gaussian, sobel
from skimage.segmentation import watershed

from finercam_core.regions.outline import Mask
from finercam_core.regions.rle import nearest

_SIDE = 700  # pixels of the copy that is worked on: what matters is the outline, not the grain
_CORE = 0.5  # of the largest depth of a part stays in it, however thin it is
_INSIDE, _OUTSIDE = 1, 2
_LEAST_LEFT = 0.1
_GROUND_SIDE, _STRIP = 256, 0.06
_JUST_SEEN, _PLAIN = 4.0, 6.0  # differences of colour, ΔE*ab


@dataclass(frozen=True)
class SnapSettings:
    """How far an outline may move, and how much of the photograph's grain is ignored.

    Attributes
    ----------
    reach : float
        In thousandths of the photograph's longer side.
    blur : float
        Standard deviation of the Gaussian before the edges are looked for, as a share of the reach.
    """

    reach: float = 20.0
    blur: float = 0.08

    def to_json(self) -> dict[str, float]:
        """What a region keeps of them."""
        return asdict(self)


def snap(photograph: npt.NDArray[np.uint8], region: Mask, settings: SnapSettings | None = None) -> Mask:
    """Move a region's outline to the edges of the specimen.

    What lies on plain ground around the specimen (see `plain_ground`) does not stay in the region. Of the rest, pixels
    deeper than the reach stay in it, those farther than the reach outside stay out, and a watershed on the gradient of
    the colours (CIE L*a*b*) floods the band between from both sides: they meet on the ridge, which is the edge (Meyer
    1992, as in `skimage.segmentation.watershed`). Parts and gaps thinner than the reach keep the middle of themselves.
    Where there is no edge the outline stays in the band.

    Parameters
    ----------
    photograph : uint8 array (height, width, 3 or 4)
    region : bool array (height, width)
    settings : SnapSettings, optional

    Returns
    -------
    bool array (height, width); the region itself if it is empty.
    """
    chosen = settings or SnapSettings()
    reach = max(2.0, chosen.reach / 1000 * max(region.shape))
    if not region.any():
        return region
    part = _surroundings(region, int(2 * reach) + 2)
    small, colours, scale = _smaller(region[part], photograph[part][..., :3])
    bound = reach * scale
    ground = nearest(nearest(plain_ground(photograph), region.shape)[part], small.shape)
    if (small & ~ground).sum() < _LEAST_LEFT * small.sum():
        ground = np.zeros_like(small)  # all of it looks like ground, so that this tells nothing
    markers = _markers(small & ~ground, ground, max(1.0, bound))
    height = _edges(colours, chosen.blur * bound)
    inside = watershed(height, markers) == _INSIDE  # type: ignore[no-untyped-call]
    result = np.zeros_like(region)
    result[part] = nearest(inside, region[part].shape)
    return result


def _surroundings(region: Mask, margin: int) -> tuple[slice, slice]:
    rows, columns = (np.flatnonzero(region.any(axis=axis)) for axis in (1, 0))
    first, second = (slice(max(0, int(a[0]) - margin), int(a[-1]) + margin + 1) for a in (rows, columns))
    return first, second


def _smaller(region: Mask, photograph: npt.NDArray[np.uint8]) -> tuple[Mask, npt.NDArray[np.uint8], float]:
    """Copies of at most `_SIDE` pixels a side, and their scale."""
    scale = min(1.0, _SIDE / max(region.shape))
    if scale == 1.0:
        return region, photograph, scale
    height, width = (max(1, round(side * scale)) for side in region.shape)
    colours = Image.fromarray(np.ascontiguousarray(photograph)).resize((width, height), Image.Resampling.BOX)
    return nearest(region, (height, width)), np.asarray(colours), scale


def _markers(region: Mask, ground: Mask, reach: float) -> npt.NDArray[np.int32]:
    """What is decided already: the core of each part and of each gap beyond the outline's reach, and the ground."""
    inside = _core(region, reach)
    outside = _core(~region, reach) | binary_erosion(ground, iterations=2, border_value=1)
    return np.where(inside, _INSIDE, np.where(outside, _OUTSIDE, 0)).astype(np.int32)


def _core(region: Mask, reach: float) -> Mask:
    depth = distance_transform_edt(region) if not region.all() else np.full(region.shape, np.inf)
    parts, count = label(region)
    deepest = np.concatenate([[np.inf], np.atleast_1d(maximum(depth, parts, np.arange(1, count + 1)))])
    core: Mask = region & (depth >= np.minimum(reach, _CORE * deepest)[parts])
    return core


def _edges(photograph: npt.NDArray[np.uint8], blur: float) -> npt.NDArray[np.float64]:
    lab = rgb2lab(photograph)
    soft = gaussian(lab, blur, channel_axis=-1) if blur > 0 else lab  # type: ignore[no-untyped-call]
    channels = [sobel(soft[..., i]) for i in range(3)]  # type: ignore[no-untyped-call]
    strength: npt.NDArray[np.float64] = np.sqrt(np.sum(np.square(channels), axis=0))
    return strength


def plain_ground(photograph: npt.NDArray[np.uint8]) -> Mask:
    """The even ground that a specimen was photographed on: what reaches the frame and has its colours.

    The colours along the frame are fitted by a quadratic surface, since light falls off; ground is what differs from it
    no more than the frame itself does, and is connected to the frame.

    Parameters
    ----------
    photograph : uint8 array (height, width, 3 or 4)

    Returns
    -------
    bool array (h, w), at most `_GROUND_SIDE` pixels a side; empty where the frame has colours of many kinds.
    """
    scale = min(1.0, _GROUND_SIDE / max(photograph.shape[:2]))
    height, width = (max(2, round(side * scale)) for side in photograph.shape[:2])
    whole = Image.fromarray(np.ascontiguousarray(photograph[..., :3]))
    small = np.asarray(whole.resize((width, height), Image.Resampling.BOX, reducing_gap=2.0))
    lab = gaussian(rgb2lab(small), 1, channel_axis=-1)  # type: ignore[no-untyped-call]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
    strip = np.maximum(abs(x), abs(y)) > 1 - _STRIP
    used, distance = strip, np.zeros((height, width))
    for _ in range(3):  # what differs most, such as a fin at the edge or a label, is left out of the next fit
        fit = np.linalg.lstsq(terms[used], lab[used], rcond=None)[0]
        distance = np.linalg.norm(lab - terms @ fit, axis=-1)
        used = strip & (distance <= 2 * np.median(distance[strip]))
    spread = float(np.median(distance[strip]))
    if spread > _PLAIN:
        return np.zeros((height, width), bool)
    alike = binary_opening(distance <= max(_JUST_SEEN, 4 * spread))
    parts, _ = label(alike)
    at_frame = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    ground: Mask = np.isin(parts, at_frame[at_frame > 0])
    return ground
