"""What was painted since the regions were last drawn: the layer compared with what was put into it.

napari has many tools that change a layer of labels (brush, eraser, fill, polygon, its menus, its console), and tells of
some too early or not at all. Comparing finds what all of them did.
"""

import numpy as np
import numpy.typing as npt

from napari_finercam.session.regions import Labels as RegionLabels
from napari_finercam.window.picture.outline import LabelMap, Labels


class Strokes:
    """The regions as they were put into a layer, to tell what a person changed since.

    Parameters
    ----------
    layer : Labels
    """

    def __init__(self, layer: Labels) -> None:
        self._layer = layer
        self._shown: LabelMap = np.zeros((0, 0), np.uint8)
        self._image_id = ""

    def show(self, image_id: str, labels: RegionLabels) -> None:
        """Put the regions of a specimen into the layer. It has an array of its own, which painting changes in place."""
        fill(self._layer, labels)
        if self._shown.shape == labels.shape:
            np.copyto(self._shown, labels)
        else:
            self._shown = labels.copy()
        self._image_id = image_id

    def painted(self, image_id: str, labels: RegionLabels) -> LabelMap | None:
        """The session's regions with what was painted over them since `show`, by any numbers; None if nothing was.

        Parameters
        ----------
        image_id : str
            The session's specimen; nothing is found for another one than that shown.
        labels : uint8 array (height, width)
            Its regions in the session.
        """
        if image_id != self._image_id:
            return None
        data = np.asarray(self._layer.data)
        if data.shape != self._shown.shape or data.shape != labels.shape:
            return None
        changed = data != self._shown
        if not changed.any():
            return None
        self._shown = data.copy()
        laid_over: LabelMap = np.where(changed, data, labels)
        return laid_over

    @property
    def foreign(self) -> npt.NDArray[np.generic] | None:
        """The layer's data, if somebody has put an array of another shape there, which belongs to no specimen."""
        data = np.asarray(self._layer.data)
        strange = bool(self._image_id) and data.shape != self._shown.shape
        return data if strange else None


def fill(layer: "Labels", values: npt.NDArray[np.generic]) -> None:
    """Put values into a layer's own array, which costs napari half the time of taking another one."""
    if layer.data.shape == values.shape and layer.data.dtype == values.dtype:
        np.copyto(layer.data, values)
        layer.refresh(extent=False)
    else:
        layer.data = values.copy()
