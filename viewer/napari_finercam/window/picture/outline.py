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
        Width of the line in pixels, at least 1. The edge of the picture is not a border.

    Returns
    -------
    integer array (height, width)
    """
    result = np.zeros_like(labels)
    rows, columns = (np.flatnonzero(labels.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return result
    # With a margin of one pixel: a region that fills its bounding box has its border there.
    box = tuple(slice(max(0, occupied[0] - 1), occupied[-1] + 2) for occupied in (rows, columns))
    inside = labels[box]
    near = _near_change(inside, thickness, 0) | _near_change(inside, thickness, 1)
    np.multiply(inside, near, out=result[box])  # twenty times as fast as np.where
    return result


def _near_change(labels: LabelMap, thickness: int, axis: int) -> npt.NDArray[np.bool_]:
    """Pixels with another label at most `thickness` away along one axis."""

    def along(start: int | None, stop: int | None) -> tuple[slice, ...]:
        return (slice(None),) * axis + (slice(start, stop),)

    length = labels.shape[axis]
    shape = [side + 2 * thickness * (i == axis) for i, side in enumerate(labels.shape)]
    changes = np.zeros(shape, bool)
    changes[along(thickness + 1, thickness + length)] = labels[along(1, None)] != labels[along(None, -1)]
    reach = 1
    while reach < 2 * thickness:
        step = min(reach, 2 * thickness - reach)
        changes = changes[along(None, -step)] | changes[along(step, None)]
        reach += step
    return changes[along(1, length + 1)]


class Labels(napari.layers.Labels):  # type: ignore[misc]
    """napari's layer of labels with this module's outlines.

    napari's own outlines take 140 ms at 1,500 × 1,000 pixels, for each specimen and each step of a slider. The class
    has the name of napari's, because napari chooses controls and writers by the name of the class.
    """

    _finishing = False

    @property
    def in_stroke(self) -> bool:
        """Whether the mouse is painting at this moment."""
        return bool(self._block_history) and not self._overlays["brush_stroke"].active

    def finish_polygon(self) -> None:
        """End what is still being drawn: a polygon is closed, as by a double-click, and an encircling stroke kept.

        What listens to the layer may call this again while it is being done.
        """
        if self._finishing:
            return
        self._finishing = True
        try:
            self._finish()
        finally:
            self._finishing = False

    def _finish(self) -> None:
        stroke = self._overlays["brush_stroke"]
        if stroke.active:
            self._commit_stroke()
            stroke.active = False
        overlay = self._overlays["polygon"]
        if overlay.points:
            overlay.points = overlay.points[:-1]  # the last one only follows the mouse
            overlay.add_polygon_to_labels(self)

    def _calculate_contour(self, labels: LabelMap, data_slice: tuple[slice, ...]) -> LabelMap | None:
        if self.contour < 1 or labels.ndim != 2:
            contour: LabelMap | None = super()._calculate_contour(labels, data_slice)
            return contour
        grown = tuple(slice(max(0, side.start - self.contour), side.stop + self.contour) for side in data_slice)
        inner = tuple(
            slice(side.start - wide.start, side.stop - wide.start) for side, wide in zip(data_slice, grown, strict=True)
        )
        return outline(labels[grown], self.contour)[inner]
