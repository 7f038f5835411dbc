"""Layers of other plugins, such as those that segment by a click: what they drew becomes regions as if it was painted.

A plugin may write into the layer of regions itself, which `Strokes` finds, or into layers of its own. These are known
here by what is in them: one that has not changed since the specimen came onto the screen is about an earlier one.
"""

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from finercam_core.errors import ReviewError
from finercam_core.regions.rle import nearest
from napari_finercam.session.regions import MAX_NUMBER
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.panels.lab.deciding import OPINION

if TYPE_CHECKING:
    import napari

Objects = npt.NDArray[np.integer[Any]]


class OtherLayers:
    """The layers of labels and of shapes that are not the review's own.

    Parameters
    ----------
    viewer : napari.Viewer
    own : tuple of napari.layers.Layer
        Those of the review.
    """

    def __init__(self, viewer: "napari.Viewer", own: tuple["napari.layers.Layer", ...]) -> None:
        self._viewer, self._own = viewer, own
        self._known: dict[int, int] = {}

    def _all(self) -> list["napari.layers.Layer"]:
        from napari.layers import Labels, Shapes

        # The regions of other reviewers, which are shown to decide between them, are nobody's drawing.
        drawn = [layer for layer in self._viewer.layers if isinstance(layer, Labels | Shapes)]
        return [layer for layer in drawn if layer not in self._own and OPINION not in layer.metadata]

    def mark(self) -> None:
        """Note what the layers are like now that another specimen is shown, or once they were taken."""
        self._known = {id(layer): _sum(layer) for layer in self._all()}

    def changed(self) -> list["napari.layers.Layer"]:
        """Those with something in them that was drawn since `mark`, the one that is chosen in the list last."""
        chosen = self._viewer.layers.selection.active
        layers = [layer for layer in self._all() if _sum(layer) != self._known.get(id(layer), 0)]
        return sorted(layers, key=lambda layer: layer is chosen)

    def take(self, session: ReviewSession, number: int) -> tuple[str, int]:
        """Make regions of what was drawn last in another layer; undo takes it back.

        One object takes the place of the chosen region, several become new regions; what they cover of other regions
        is theirs.

        Parameters
        ----------
        session : ReviewSession
        number : int
            The chosen region.

        Returns
        -------
        (str, int)
            Name of the layer, and number of its objects.

        Raises
        ------
        ReviewError
            If there is no such layer, its shape is not that of the photograph, or there are too many objects.
        """
        layers = self.changed()
        if not layers:
            problem = "no other layer of labels or shapes was changed since this specimen is shown"
            raise ReviewError(problem, "let the other plugin draw into a layer first")
        layer, labels = layers[-1], session.regions.labels
        objects = _objects(layer, labels.shape, session.specimen.full_shape)
        count = len(np.unique(objects[objects > 0]))
        drawn = objects > 0
        if count == 1:
            taken = np.where(drawn, number, np.where(labels == number, 0, labels))
        else:
            taken = np.where(drawn, objects.astype(np.int64) + MAX_NUMBER, labels)
        if not session.specimen.photographed:
            raise ReviewError(f"{session.specimen.image_id} has no photograph to mark regions on", "find its images")
        session.paint(taken)
        self.mark()
        return str(layer.name), count


def _objects(layer: Any, shape: tuple[int, ...], full: tuple[int, int] | None) -> Objects:
    """The objects of a layer on the picture that is worked on, integer (height, width)."""
    from napari.layers import Shapes

    whole = np.asarray(layer.to_labels(labels_shape=shape) if isinstance(layer, Shapes) else layer.data)
    flat = whole.reshape(whole.shape[-2:]) if whole.ndim > 2 and whole.size == np.prod(whole.shape[-2:]) else whole
    if flat.shape == shape:
        return flat
    if full is not None and flat.shape == tuple(full):
        return nearest(flat, shape)
    problem = f"the layer {layer.name!r} has the shape {whole.shape}, and the photograph {tuple(shape)}"
    raise ReviewError(problem, "let the other plugin work on the layer of the specimen")


def _sum(layer: Any) -> int:
    """A number that changes with what is in a layer; 0 for an empty one."""
    from napari.layers import Shapes

    parts = [np.asarray(part) for part in layer.data] if isinstance(layer, Shapes) else [np.asarray(layer.data)]
    sums = [zlib.adler32(np.ascontiguousarray(part).tobytes()) for part in parts if part.any()]
    return hash(tuple(sums)) if sums else 0
