"""From a map to a region: thresholds, and what a region measures."""

from typing import Any

import numpy as np
import numpy.typing as npt
from skimage.measure import regionprops

from finercam_core.errors import FinercamError

Mask = npt.NDArray[np.bool_]


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
        Keep the pixels with the largest values, at most this share of all pixels, in (0, 1].
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
    field = np.maximum(np.nan_to_num(np.asarray(values, np.float32), posinf=0), 0)
    positive: Mask = field > 0
    if name == "value":
        return positive & (field >= limit)
    return positive & (field >= (_top_limit(field, limit) if name == "top" else _energy_limit(field, limit)))


def _top_limit(field: npt.NDArray[np.float32], share: float) -> float:
    """Smallest value among the largest `share` of all pixels; equal values all stay out rather than too many in."""
    count = max(1, int(share * field.size))
    if count >= field.size:
        return 0.0
    ordered = np.partition(field.ravel(), (field.size - count - 1, field.size - count))
    limit, below = ordered[field.size - count], ordered[field.size - count - 1]
    return float(np.nextafter(limit, np.float32(np.inf))) if limit == below and limit < field.max() else float(limit)


def _energy_limit(field: npt.NDArray[np.float32], share: float) -> float:
    falling = np.sort(field.ravel())[::-1].astype(np.float64)
    total = np.cumsum(falling)
    if total[-1] == 0:
        return 0.0
    return float(falling[min(int(np.searchsorted(total, share * total[-1])), falling.size - 1)])


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
