"""Figures of single maps: how much of one lies in a region, and how much two have in common."""

import numpy as np
import numpy.typing as npt

FIGURES = ("energy", "pointing", "iou")  # that say where a map lies, as tables name them


def pointing_game(values: npt.ArrayLike, region: npt.ArrayLike) -> float:
    """Whether the largest value of a map lies in a region (Zhang et al., Excitation Backprop, IJCV 2018, section 4.2).

    Parameters
    ----------
    values : array (h, w)
    region : bool array (h, w)

    Returns
    -------
    float in [0, 1]: 1 or 0, or with ties the share of the largest pixels that lie in the region. NaN for a map
    without a positive value, which points nowhere.
    """
    field = np.asarray(values, np.float64)
    largest = field.max()
    if not largest > 0:
        return float("nan")
    return float(np.asarray(region, bool)[field == largest].mean())


def intersection_over_union(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Pixels in both regions divided by pixels in either, in [0, 1]; NaN if both regions are empty."""
    a, b = np.asarray(first, bool), np.asarray(second, bool)
    either = int((a | b).sum())
    return float((a & b).sum() / either) if either else float("nan")


def map_overlap(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    r"""How much two maps have in common, :math:`\sum_p \min(P_p, Q_p)` of their positive parts scaled to sum 1.

    1 for proportional maps, 0 for maps that share no pixel, NaN if one has no positive value. Between the maps of the
    first and the second class it is the contrastive check: a map that stays the same when the class changes explains
    no class.
    """
    scaled = []
    for values in (first, second):
        positive = np.maximum(np.asarray(values, np.float64), 0)
        total = positive.sum()
        if not total > 0:
            return float("nan")
        scaled.append(positive / total)
    return float(np.minimum(*scaled).sum())


def energy_share(maps: npt.ArrayLike, region: npt.ArrayLike) -> npt.NDArray[np.float64]:
    r"""Share of a map's positive part that falls into a region.

    .. math:: e = \frac{\sum_{p \in R} \max(M_p, 0)}{\sum_p \max(M_p, 0)}

    (Wang et al., Score-CAM, CVPR Workshops 2020, section 4.3: the energy-based pointing game.)

    Parameters
    ----------
    maps : array (..., h, w)
        Maps; negative values count as zero.
    region : bool array (..., h, w)

    Returns
    -------
    float64 array (...), in [0, 1]; NaN for a map without a positive value, which points nowhere.
    """
    positive = np.maximum(np.asarray(maps, np.float64), 0)
    inside = np.where(np.asarray(region, bool), positive, 0).sum(axis=(-2, -1))
    total = positive.sum(axis=(-2, -1))
    return np.asarray(np.divide(inside, total, out=np.full(np.shape(total), np.nan), where=total > 0))
