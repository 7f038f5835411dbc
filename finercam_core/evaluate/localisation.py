"""Where a map points: on the specimen or beside it, and somewhere else for another class."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Region = npt.NDArray[np.bool_]


def pointing_game(values: npt.ArrayLike, region: npt.ArrayLike) -> float:
    """Whether the largest value of a map lies in a region (Zhang et al., Excitation Backprop, IJCV 2018, section 4.2).

    Parameters
    ----------
    values : array (h, w)
    region : bool array (h, w)

    Returns
    -------
    float in [0, 1]: 1 or 0, or with ties the share of the largest pixels that lie in the region. NaN for a map
    without any positive value, which points nowhere.
    """
    field = np.asarray(values, np.float64)
    largest = field.max()
    if not largest > 0:
        return float("nan")
    return float(np.asarray(region, bool)[field == largest].mean())


def intersection_over_union(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Common pixels by pixels of either; NaN if both regions are empty."""
    a, b = np.asarray(first, bool), np.asarray(second, bool)
    either = int((a | b).sum())
    return float((a & b).sum() / either) if either else float("nan")


def map_overlap(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    r"""How much two maps have in common, :math:`\sum_p \min(P_p, Q_p)` of their positive parts scaled to sum 1.

    1 for maps in proportion to each other, 0 for maps that share no pixel. Between the maps of the first and the
    second class it is the contrastive check: a map that stays the same when the class changes explains no class.
    """
    scaled = []
    for values in (first, second):
        positive = np.maximum(np.asarray(values, np.float64), 0)
        total = positive.sum()
        if not total > 0:
            return float("nan")
        scaled.append(positive / total)
    return float(np.minimum(*scaled).sum())
