"""One frame for all specimens: centre, size, main axis and side, so that the same cell is the same place.

A specimen's mask gives its centre of mass, its size (the root of its area), and the axis along which it is longest;
the head says which end is left where a part is called so. A box gives centre and size alone. From which side a specimen
was photographed is not known here: an answer that was found in the frame says that all are taken to show the same one.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

SIDE = 64  # cells a side, of the picture
COARSE = 24  # cells a side, of the test: no map is sharper
REACH = 1.5  # half the frame's side, in roots of the specimen's area: a body six times as long as high fits
_LONG = 1.25  # ratio of the axes from which on a main axis is trusted
_UPRIGHT = np.pi / 4  # a main axis steeper than this is taken for a high body, not for a turned one

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Placement:
    """Where a specimen lies in its picture.

    Attributes
    ----------
    centre : (float, float)
        x, y in pixels of the picture, of pixel centres.
    scale : float
        Pixels per unit of the frame: root of the specimen's area.
    angle : float
        Radians by which its main axis falls to the right (y runs down).
    mirrored : bool
        Whether its head is to the right, and is brought to the left.
    """

    centre: tuple[float, float]
    scale: float
    angle: float = 0.0
    mirrored: bool = False

    def to_picture(self, points: npt.ArrayLike) -> Floats:
        """Frame coordinates (..., 2), x and y in units of the scale, to pixels x, y of the picture."""
        x, y = np.moveaxis(np.asarray(points, np.float64), -1, 0)
        x = -x if self.mirrored else x
        c, s = np.cos(self.angle), np.sin(self.angle)
        along = np.stack([x * c - y * s, x * s + y * c], -1)
        return np.asarray(along * self.scale + np.array(self.centre))

    def to_frame(self, points: npt.ArrayLike) -> Floats:
        """Inverse of `to_picture`."""
        x, y = np.moveaxis((np.asarray(points, np.float64) - np.array(self.centre)) / self.scale, -1, 0)
        c, s = np.cos(self.angle), np.sin(self.angle)
        x, y = x * c + y * s, -x * s + y * c
        return np.stack([-x if self.mirrored else x, y], -1)


def placement(body: Mask, head: Mask | None = None) -> Placement:
    """Placement of a specimen from the pixels that show it.

    Parameters
    ----------
    body : bool array (height, width)
        Not empty.
    head : bool array (height, width), optional
        Pixels of its head: brought to the left. Without, the side stays as it was photographed.
    """
    ys, xs = np.nonzero(body)
    points = np.stack([xs, ys], 1).astype(np.float64)
    centre = points.mean(0)
    scale, angle = float(np.sqrt(len(points))), _main_axis(points - centre)
    found = Placement((float(centre[0]), float(centre[1])), scale, angle)
    if head is None or not head.any():
        return found
    where = found.to_frame(np.stack(np.nonzero(head)[::-1], 1).mean(0))
    return Placement(found.centre, scale, angle, mirrored=bool(where[0] > 0))


def _main_axis(points: Floats) -> float:
    """Angle of the longest axis of centred points (n, 2), 0 where they have none to speak of."""
    if len(points) < 3:
        return 0.0
    sizes, axes = np.linalg.eigh(np.cov(points.T))
    if sizes[1] < _LONG**2 * max(sizes[0], 1e-9):
        return 0.0
    x, y = axes[:, 1]
    angle = float(np.arctan2(y, x))
    angle = (angle + np.pi / 2) % np.pi - np.pi / 2
    return angle if abs(angle) <= _UPRIGHT else 0.0


def frame_points(side: int = SIDE) -> Floats:
    """Centres of the frame's cells in frame coordinates; float64 (side, side, 2), x and y."""
    axis = ((np.arange(side) + 0.5) / side * 2 - 1) * REACH
    return np.stack(np.meshgrid(axis, axis), -1)


def in_cells(cells: Mask, points: npt.ArrayLike) -> Mask:
    """Whether frame coordinates (..., 2) lie in cells of the frame, bool (side, side)."""
    side = len(cells)
    x, y = np.moveaxis(np.asarray(points, np.float64), -1, 0)
    column, row = (np.floor((axis / REACH + 1) / 2 * side).astype(int) for axis in (x, y))
    inside = (column >= 0) & (column < side) & (row >= 0) & (row < side)
    return np.asarray(inside & cells[row.clip(0, side - 1), column.clip(0, side - 1)])


def to_frame(
    values: npt.ArrayLike, where: Placement, side: int = SIDE, order: int = 1, beyond: float | None = None
) -> Floats:
    """Bring picture values (..., height, width) into the frame, (..., side, side).

    Parameters
    ----------
    values : array (..., height, width)
    where : Placement
    side : int
    order : int
        1 interpolates, 0 takes the nearest pixel (labels).
    beyond : float, optional
        Value beyond the picture; by default its edge goes on.
    """
    x, y = np.moveaxis(where.to_picture(frame_points(side)), -1, 0)
    return _sampled(values, x, y, order, beyond)


def carried(
    values: npt.ArrayLike, donor: Placement, target: Placement, size: tuple[int, int], order: int = 1
) -> Floats:
    """Bring values of one specimen's picture (..., h, w) to where another specimen has the same places.

    Parameters
    ----------
    values : array (..., h, w)
    donor, target : Placement
    size : (int, int)
        Height and width of the target's picture.
    order : int
        As in `to_frame`.
    """
    ys, xs = np.mgrid[: size[0], : size[1]]
    points = donor.to_picture(target.to_frame(np.stack([xs, ys], -1)))
    return _sampled(values, points[..., 0], points[..., 1], order)


def _sampled(values: npt.ArrayLike, x: Floats, y: Floats, order: int, beyond: float | None = None) -> Floats:
    array = np.asarray(values, np.float64)
    flat = array.reshape(-1, *array.shape[-2:])
    mode, value = ("nearest", 0.0) if beyond is None else ("constant", beyond)
    drawn = [map_coordinates(one, [y, x], order=order, mode=mode, cval=value) for one in flat]
    return np.stack(drawn).reshape(*array.shape[:-2], *x.shape)
