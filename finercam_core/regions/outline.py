"""Rounding the outline of a region, fast enough for a slider."""

import math

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

Mask = npt.NDArray[np.bool_]
# Cells have at most 8 pixels per side, because 255 · 4 · 8² still fits 16 bits.
_RADIUS_PER_PIXEL, _LARGEST_CELL = 1.25, 8


def smooth(mask: Mask, radius: float) -> Mask:
    r"""Round the outline of a region: blurred with a Gaussian and cut at one half, so that its area hardly changes.

    For radii of 1.25 pixels or more the blur is computed on cells of k × k pixels, :math:`k = 1 + \lfloor radius /
    1.25 \rfloor`, at most 8, and brought back to pixels bilinearly. Averaging over cells and interpolating back blur by
    themselves, with the variances :math:`k^2/12` and :math:`k^2/6`, so the Gaussian has that much less:
    :math:`\sigma^2 = radius^2 - k^2/4`. The outline lies within two pixels, mostly a fraction of one, of the outline
    that the Gaussian gives at full resolution.

    Parameters
    ----------
    mask : bool array (height, width)
    radius : float
        Standard deviation in pixels; details much smaller than it vanish. 0 gives the mask itself.

    Returns
    -------
    bool array (height, width)
    """
    if radius <= 0 or not mask.any():
        return mask
    # Only the surroundings of the region are blurred: a slider calls this at every step.
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    margin = int(3 * radius) + 1
    part = tuple(slice(max(0, int(axis[0]) - margin), int(axis[-1]) + margin + 1) for axis in (rows, columns))
    cell = min(_LARGEST_CELL, 1 + int(radius / _RADIUS_PER_PIXEL))
    result = np.zeros_like(mask)
    result[part] = _rounded(mask[part], radius, cell)
    return result


def _rounded(mask: Mask, radius: float, cell: int) -> Mask:
    """The same for a whole array, on cells of `cell` × `cell` pixels; beyond the edges their values continue."""
    height, width = mask.shape
    whole = np.pad(mask.view(np.uint8) * np.uint8(255), ((0, -height % cell), (0, -width % cell)), mode="edge")
    cells = np.asarray(Image.fromarray(whole).reduce(cell))
    margin = int(3 * radius / cell) + 2
    blur = ImageFilter.GaussianBlur(math.sqrt((radius / cell) ** 2 - (0.25 if cell > 1 else 0.0)))
    blurred = np.asarray(Image.fromarray(np.pad(cells, margin, mode="edge")).filter(blur))
    near = blurred[margin - 1 : 1 - margin, margin - 1 : 1 - margin].astype(np.uint16)
    if cell == 1:
        return np.asarray(near[1:-1, 1:-1] >= 128)
    fine = _enlarged(_enlarged(near, cell).T, cell).T
    return np.asarray(fine[:height, :width] >= 510 * cell**2)


def _enlarged(values: npt.NDArray[np.uint16], cell: int) -> npt.NDArray[np.uint16]:
    """Bilinear interpolation of cells along the first axis, times 2 · `cell`; a cell at each end is not in the result.

    The centre of pixel j of a cell lies (2j + 1 - cell) / (2 · cell) cells from that of the cell.
    """
    before, here, after = values[:-2], values[1:-1], values[2:]
    result = np.empty((len(here), cell, *values.shape[1:]), np.uint16)
    for j in range(cell):
        away = 2 * j + 1 - cell
        other = before if away < 0 else after
        result[:, j] = here * np.uint16(2 * cell - abs(away)) + other * np.uint16(abs(away))
    return result.reshape(-1, *values.shape[1:])
