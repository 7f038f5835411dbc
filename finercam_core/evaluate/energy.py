"""How much of a map lies in a region: the energy-based pointing game."""

import numpy as np
import numpy.typing as npt


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
    float64 array (...), in [0, 1]; NaN for a map without any positive value, which points nowhere.
    """
    positive = np.maximum(np.asarray(maps, np.float64), 0)
    inside = np.where(np.asarray(region, bool), positive, 0).sum(axis=(-2, -1))
    total = positive.sum(axis=(-2, -1))
    return np.asarray(np.divide(inside, total, out=np.full(np.shape(total), np.nan), where=total > 0))
