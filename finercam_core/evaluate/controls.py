"""Maps that know nothing: what a method must beat before its figures mean anything."""

import zlib

import numpy as np
import numpy.typing as npt

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
