"""Where on the model's grid each trait of a mask lies."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation

from finercam_core.images.preparation import Preparation, cell_weights
from finercam_core.regions.masks import TraitMask, specimen_region

OUTSIDE, UNLABELLED = -1, 0


@dataclass(frozen=True)
class Cover:
    """How much of each part of a picture falls to every cell of the model's grid.

    Attributes
    ----------
    ids : int array (P,)
        `OUTSIDE` the specimen, `UNLABELLED` on the specimen, then the traits' ids.
    pixels : float32 array (P, h, w)
        Image pixels of each part, spread over the cells by the interpolation that brings maps to the image: the sum
        of ``map * pixels[p]`` is the sum of the map, at image resolution, over part p.
    fractions : float32 array (P, h, w)
        Share of each part in a cell; they add up to one in every cell (padding counts as outside).
    area : float64 array (P,)
        Share of each part in the pixels that the model saw.
    """

    ids: npt.NDArray[np.int64]
    pixels: npt.NDArray[np.float32]
    fractions: npt.NDArray[np.float32]
    area: npt.NDArray[np.float64]


def part_image(mask: TraitMask, traits: Sequence[int], size: tuple[int, int]) -> npt.NDArray[np.int64]:
    """Which part each pixel of a smaller picture belongs to: `OUTSIDE`, `UNLABELLED` or a trait's id; int64 (h, w).

    Parameters
    ----------
    mask : int array (height, width)
    traits : sequence of int
        Other labels count as unlabelled.
    size : (int, int)
        Width and height; each pixel takes the label at its centre.
    """
    named = np.where(np.isin(mask, list(traits)), mask, np.where(specimen_region(mask), UNLABELLED, OUTSIDE))
    rows, columns = (
        ((np.arange(small) + 0.5) * large / small).astype(int)
        for small, large in zip(size[::-1], mask.shape, strict=True)
    )
    return np.asarray(named[rows][:, columns], np.int64)


def cover(mask: TraitMask, traits: Sequence[int], preparation: Preparation, grid: tuple[int, int]) -> Cover:
    """Bring a mask to the model's grid.

    Parameters
    ----------
    mask : int array (height, width)
        Trait ids, 0 where there is none; in the pixels of the upright image.
    traits : sequence of int
        Ids to keep apart; other labels count as unlabelled.
    preparation : Preparation
    grid : (int, int)
        Height and width in cells.

    Returns
    -------
    Cover. Cells that touch the specimen, and their neighbours, count as on the specimen: a map is not sharper than
    its cells, and light at the outline is no evidence outside.
    """
    size = (mask.shape[1], mask.shape[0])
    rows, columns = cell_weights(grid, preparation.window(size), size)
    seen = rows.T @ np.ones(mask.shape, np.float32) @ columns
    labelled = np.stack([rows.T @ (mask == trait).astype(np.float32) @ columns for trait in traits])
    body = rows.T @ specimen_region(mask).astype(np.float32) @ columns
    near = binary_dilation(body > 1e-3 * seen.max(), np.ones((3, 3)))
    rest = np.maximum(seen - labelled.sum(0), 0)
    pixels = np.stack([np.where(near, 0, rest), np.where(near, rest, 0), *labelled]).astype(np.float32)
    fractions = pixels / np.maximum(seen, 1e-6)
    fractions[0] += np.maximum(1 - fractions.sum(0), 0)
    ids = np.array([OUTSIDE, UNLABELLED, *traits], np.int64)
    return Cover(ids, pixels, fractions, pixels.sum((1, 2), dtype=np.float64) / seen.sum(dtype=np.float64))
