"""Where a map points: on the specimen, in a region, elsewhere for another class; and controls that know nothing."""

import zlib

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


Grid = tuple[int, int]


def random_map(grid: Grid, image_id: str, seed: int = 0) -> npt.NDArray[np.float32]:
    """Independent uniform values on the grid, the same for the same specimen and seed; float32 (h, w) in [0, 1)."""
    rng = np.random.default_rng([seed, zlib.crc32(image_id.encode())])
    return rng.random(grid, dtype=np.float32)


def centred_blob(grid: Grid, width: float = 0.25) -> npt.NDArray[np.float32]:
    r"""A Gaussian in the middle of the picture, :math:`\exp(-(u^2 + v^2) / 2)`; float32 (h, w) in (0, 1].

    Photographers centre specimens, so that a map of the photograph's middle alone scores well.

    Parameters
    ----------
    grid : (int, int)
    width : float
        Standard deviation along each axis, as a share of the side.
    """
    axes = [((np.arange(cells) + 0.5) / cells - 0.5) / width for cells in grid]
    return np.exp(-(axes[0][:, None] ** 2 + axes[1][None, :] ** 2) / 2).astype(np.float32)
