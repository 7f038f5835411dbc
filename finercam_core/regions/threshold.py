"""From a map to a region: thresholds, and what a region measures."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import label
from skimage.measure import regionprops

from finercam_core.errors import FinercamError
from finercam_core.regions.outline import Mask, smooth

__all__ = ["Mask", "RegionError", "measure", "region", "shares", "smooth", "split"]
# Every so many pixels make the sample from which a threshold is guessed before it is found exactly.
_STEP = 31


class RegionError(FinercamError):
    """A region cannot be made of a map."""


def region(
    values: npt.ArrayLike, *, top: float | None = None, value: float | None = None, energy: float | None = None
) -> Mask:
    """Threshold a map into a region; only positive values ever belong to it.

    Parameters
    ----------
    values : array (h, w)
        A map, in any unit.
    top : float, optional
        Keep the pixels with the largest values, at most this share of all pixels, in (0, 1]; more where more than that
        have the largest value.
    value : float, optional
        Keep the pixels with at least this value.
    energy : float, optional
        Keep the fewest pixels that hold this share of the map's positive sum, in (0, 1].

    Returns
    -------
    bool array (h, w); empty where the map has no positive value.

    Raises
    ------
    RegionError
        Unless exactly one threshold is given, in its range.
    """
    chosen = {name: limit for name, limit in (("top", top), ("value", value), ("energy", energy)) if limit is not None}
    if len(chosen) != 1:
        raise RegionError(f"thresholds {chosen or 'none'}", "give one of top, value or energy")
    ((name, limit),) = chosen.items()
    if not np.isfinite(limit) or (name != "value" and not 0 < limit <= 1):
        raise RegionError(f"{name}={limit}", "give a finite value" if name == "value" else "give a share in (0, 1]")
    field = np.asarray(values, np.float32)
    if not np.isfinite(field).all():
        field = np.nan_to_num(field, posinf=0, neginf=0)
    positive: Mask = field > 0
    if name == "value":
        return positive & (field >= limit)
    flat = field.ravel()
    positive &= field >= (_top_limit(flat, limit) if name == "top" else _energy_limit(flat, limit))
    return positive


def _top_limit(flat: npt.NDArray[np.float32], share: float) -> float:
    """Smallest value among the largest `share` of all pixels; equal ones stay out, unless they are the largest."""
    count = max(1, int(share * flat.size))
    if count >= flat.size:
        return 0.0
    sample = flat[::_STEP]
    enough = min(sample.size - 1, int(1.2 * share * sample.size) + 16)
    large = flat[flat >= np.partition(sample, sample.size - 1 - enough)[sample.size - 1 - enough]]
    if large.size <= count:  # the sample was not like the whole
        large = flat
    ordered = np.partition(large, (large.size - count - 1, large.size - count))
    limit, below = ordered[large.size - count], ordered[large.size - count - 1]
    return float(np.nextafter(limit, np.float32(np.inf))) if limit == below and limit < large.max() else float(limit)


def _energy_limit(flat: npt.NDArray[np.float32], share: float) -> float:
    """Value down to which the largest pixels hold `share` of the positive sum."""
    falling = np.sort(np.maximum(flat[::_STEP], 0))[::-1]
    held = np.cumsum(falling, dtype=np.float64)
    enough = min(falling.size - 1, int(np.searchsorted(held, min(1.0, 1.1 * share) * held[-1])) + 16)
    large = flat[(flat >= falling[enough]) & (flat > 0)]
    total = share * float(np.maximum(flat, 0).sum(dtype=np.float64))
    if large.sum(dtype=np.float64) < total:  # the sample was not like the whole
        large = flat[flat > 0]
    if not large.size:
        return 0.0
    falling = np.sort(large)[::-1]
    reached = int(np.searchsorted(np.cumsum(falling, dtype=np.float64), total))
    return float(falling[min(reached, falling.size - 1)])


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
    found = {int(i): float(counts[i] / counts.sum()) for i in np.flatnonzero(counts)}
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def measure(mask: Mask) -> dict[str, Any]:
    """Area, box and shape of a region in pixels: area, bbox (x, y, width, height), centroid (x, y), axis lengths.

    An empty region has area 0 and nothing else.
    """
    if not mask.any():
        return {"area": 0}
    found: Any = regionprops(mask.astype(np.uint8))[0]  # type: ignore[no-untyped-call]
    top, left, bottom, right = (int(v) for v in found.bbox)
    return {
        "area": int(found.area),
        "bbox": [left, top, right - left, bottom - top],
        "centroid": [float(found.centroid[1]), float(found.centroid[0])],
        "major_axis": float(found.axis_major_length),
        "minor_axis": float(found.axis_minor_length),
    }
