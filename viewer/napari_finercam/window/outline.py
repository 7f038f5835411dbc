"""Outlines of regions, fast enough for photographs."""

from typing import Any

import napari.layers
import numpy as np
import numpy.typing as npt

LabelMap = npt.NDArray[np.integer[Any]]


def outline(labels: LabelMap, thickness: int) -> LabelMap:
    """Labels near a border of their region, the others set to 0.

    Parameters
    ----------
    labels : integer array (height, width)
    thickness : int
        Width of the line in pixels, at least 1. The edge of the picture is no border.

    Returns
    -------
    integer array (height, width)
    """
    found = np.zeros_like(labels)
    rows, columns = (np.flatnonzero(labels.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return found
    # The neighbours of the box are looked at as well: a region that fills it has its border there.
    box = tuple(slice(max(0, at[0] - 1), at[-1] + 2) for at in (rows, columns))
    part = labels[box]
    near = _near_change(part, thickness, 0) | _near_change(part, thickness, 1)
    np.multiply(part, near, out=found[box])  # twenty times as fast as np.where
    return found


def _near_change(labels: LabelMap, thickness: int, axis: int) -> npt.NDArray[np.bool_]:
    """Pixels with another label at most `thickness` away along one axis: the label changes on the way."""

    def along(start: int | None, stop: int | None) -> tuple[slice, ...]:
        return (slice(None),) * axis + (slice(start, stop),)

    length = labels.shape[axis]
    shape = [side + 2 * thickness * (i == axis) for i, side in enumerate(labels.shape)]
    found = np.zeros(shape, bool)
    found[along(thickness + 1, thickness + length)] = labels[along(1, None)] != labels[along(None, -1)]
    reach = 1
    while reach < 2 * thickness:
        step = min(reach, 2 * thickness - reach)
        found = found[along(None, -step)] | found[along(step, None)]
        reach += step
    return found[along(1, length + 1)]


class Labels(napari.layers.Labels):  # type: ignore[misc]
    """napari's layer of labels with this module's outlines.

    napari's own take 140 ms at 1,500 × 1,000 pixels, for each specimen and each step of a slider. The class keeps
    napari's name, by which napari chooses controls and writers.
    """

    def _calculate_contour(self, labels: LabelMap, data_slice: tuple[slice, ...]) -> LabelMap | None:
        if self.contour < 1 or labels.ndim != 2:
            found: LabelMap | None = super()._calculate_contour(labels, data_slice)
            return found
        grown = tuple(slice(max(0, part.start - self.contour), part.stop + self.contour) for part in data_slice)
        inner = tuple(
            slice(part.start - more.start, part.stop - more.start) for part, more in zip(data_slice, grown, strict=True)
        )
        return outline(labels[grown], self.contour)[inner]
