"""What a region is like: its connected parts, the labels that it covers, its size and shape."""

from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import label
from skimage.measure import regionprops

from finercam_core.regions.outline import Mask

WORKING_PIXELS = 12_000_000
"""Largest picture to work on; a larger photograph is shown, and its regions are made, on a smaller copy."""


@dataclass(frozen=True)
class RegionShape:
    """Size and shape of a region in pixels; of an empty one the area and the box are 0 and the rest is NaN.

    Attributes
    ----------
    area : int
    bbox : tuple of four ints
        x, y, width, height.
    centroid : tuple of two floats
        x, y.
    major_axis, minor_axis : float
        Full axes of the ellipse of equal second moments.
    """

    area: int = 0
    bbox: tuple[int, int, int, int] = (0, 0, 0, 0)
    centroid: tuple[float, float] = (nan, nan)
    major_axis: float = nan
    minor_axis: float = nan


def region_shape(mask: Mask) -> RegionShape:
    """Measure a region, bool (height, width)."""
    if not mask.any():
        return RegionShape()
    properties: Any = regionprops(mask.astype(np.uint8))[0]  # type: ignore[no-untyped-call]
    top, left, bottom, right = (int(v) for v in properties.bbox)
    return RegionShape(
        area=int(properties.area),
        bbox=(left, top, right - left, bottom - top),
        centroid=(float(properties.centroid[1]), float(properties.centroid[0])),
        major_axis=float(properties.axis_major_length),
        minor_axis=float(properties.axis_minor_length),
    )


def split(mask: Mask, *, most: int = 20, least: float = 0.02) -> npt.NDArray[np.uint8]:
    """Number the connected parts of a region, largest first.

    Parameters
    ----------
    mask : bool array (height, width)
    most : int
        Number of parts at most.
    least : float
        Parts smaller than this share of the region are left out.

    Returns
    -------
    uint8 array (height, width): 0 outside, then 1, 2 …
    """
    parts, count = label(mask)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    order = [int(i) for i in np.argsort(-sizes, kind="stable")[:most] if sizes[i] >= least * sizes.sum()]
    numbers = np.zeros(count + 1, np.uint8)
    numbers[np.array(order, np.intp) + 1] = np.arange(1, len(order) + 1)
    result: npt.NDArray[np.uint8] = numbers[parts]
    return result


def shares(mask: Mask, labels: npt.NDArray[np.integer[Any]]) -> dict[int, float]:
    """Share of a region's pixels that lie on each label, largest first; labels without any are left out."""
    counts = np.bincount(labels[mask].ravel()) if mask.any() else np.zeros(0)
    by_label = {int(i): float(counts[i] / counts.sum()) for i in np.flatnonzero(counts)}
    return dict(sorted(by_label.items(), key=lambda item: -item[1]))


def working_size(width: int, height: int) -> tuple[int, int]:
    """Width and height of the picture to work on: those of the photograph, or of a copy of `WORKING_PIXELS`."""
    scale = min(1.0, (WORKING_PIXELS / (width * height)) ** 0.5)
    return max(1, round(width * scale)), max(1, round(height * scale))
