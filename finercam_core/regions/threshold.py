"""From a map to a region, by threshold."""

import numpy as np
import numpy.typing as npt

from finercam_core.errors import FinercamError
from finercam_core.regions.outline import Mask

_STEP = 31  # every so many pixels are the sample that tells where to search for the exact threshold


class RegionError(FinercamError):
    """A region cannot be made of a map."""


def region(
    values: npt.ArrayLike, *, top: float | None = None, value: float | None = None, energy: float | None = None
) -> Mask:
    """Threshold a map into a region; only pixels with positive values belong to it.

    Parameters
    ----------
    values : array (h, w)
        A map, in any unit.
    top : float, optional
        Keep the pixels with the largest values, at most this share of all pixels, in (0, 1]; more only where more than
        that are tied at the largest value.
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
    limits = {name: limit for name, limit in (("top", top), ("value", value), ("energy", energy)) if limit is not None}
    if len(limits) != 1:
        raise RegionError(f"thresholds {limits or 'none'}", "give one of top, value or energy")
    ((name, limit),) = limits.items()
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
    if large.size <= count:  # the sample was not representative
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
    if large.sum(dtype=np.float64) < total:  # the sample was not representative
        large = flat[flat > 0]
    if not large.size:
        return 0.0
    falling = np.sort(large)[::-1]
    reached = int(np.searchsorted(np.cumsum(falling, dtype=np.float64), total))
    return float(falling[min(reached, falling.size - 1)])
