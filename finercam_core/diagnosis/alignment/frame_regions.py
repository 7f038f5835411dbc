"""Regions of the common frame in which two species are separated most, for collections without named parts."""

import numpy as np
import numpy.typing as npt
from scipy.ndimage import label
from skimage.morphology import h_maxima
from skimage.segmentation import watershed

from finercam_core.diagnosis.alignment.frame import Mask

MOST = 5  # regions
_PROMINENT = 0.15  # of the highest peak: what a peak must rise above the saddle to a higher one
_LEAST, _EXTENT = 0.2, 0.5  # a peak's least share of the highest one; what of its peak a region's cells reach
AS_PICTURED = " of the specimen as pictured"
_ROWS, _COLUMNS = ("upper", "middle", "lower"), ("left", "centre", "right")


def frame_regions(values: npt.ArrayLike, significant: Mask, body: Mask) -> list[Mask]:
    """Regions around the peaks of a map in the frame, the highest first.

    Parameters
    ----------
    values : array (side, side)
        Separation S in each cell.
    significant : bool array (side, side)
        Cells that may be a region's peak.
    body : bool array (side, side)
        Cells that a region may hold: what is around a significant peak need not be significant itself.

    Returns
    -------
    list of bool array (side, side), disjoint, at most `MOST`. Each holds its peak and the connected cells of its own
    basin that reach half of it.
    """
    height = np.where(body, np.maximum(np.asarray(values, np.float64), 0), 0)
    if not height.max() > 0:
        return []
    hills, count = label(h_maxima(height, _PROMINENT * height.max()))  # type: ignore[no-untyped-call]
    tops = [
        np.unravel_index(int(np.argmax(np.where(hills == k, height, -1))), height.shape) for k in range(1, count + 1)
    ]
    high = [top for top in tops if significant[top] and height[top] >= _LEAST * height.max()]
    peaks = sorted(high, key=lambda top: -height[top])[:MOST]
    markers = np.zeros(height.shape, int)
    for number, top in enumerate(peaks, 1):
        markers[top] = number
    basins = watershed(-height, markers, mask=body)  # type: ignore[no-untyped-call]
    regions = []
    for number, top in enumerate(peaks, 1):
        reached = (basins == number) & (height >= _EXTENT * height[top])
        pieces, _ = label(reached)
        regions.append(pieces == pieces[top])
    return [region for region in regions if region.any()]


def region_name(region: Mask, body: Mask) -> str:
    """Where a region lies on the specimen, in words: "upper left of the specimen as pictured".

    Left is that of the frame, in which the answer's picture shows the specimens, and not the animal's own.
    """
    ys, xs = np.nonzero(region)
    below, right = np.nonzero(body) if body.any() else np.nonzero(np.ones_like(body))
    row = (ys.mean() - below.min() + 0.5) / (np.ptp(below) + 1)
    column = (xs.mean() - right.min() + 0.5) / (np.ptp(right) + 1)
    names = _ROWS[int(np.clip(3 * row, 0, 2))], _COLUMNS[int(np.clip(3 * column, 0, 2))]
    return f"{' '.join(names) if names != ('middle', 'centre') else 'centre'}{AS_PICTURED}"
