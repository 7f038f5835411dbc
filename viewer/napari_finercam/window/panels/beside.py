"""A second specimen beside the current one; both are moved and enlarged together."""

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.components import ViewerModel
from napari.qt import QtViewer
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_finercam.formats.layer_style import DIFFERENCE_COLORMAP, HEAT_COLORMAP
from napari_finercam.session.comparison import Map
from napari_finercam.session.loaded_specimen import LoadedSpecimen
from napari_finercam.window.qt import Signal, rich_label

if TYPE_CHECKING:
    import napari


class BesidePanel(QWidget):
    """A picture of its own with a camera that follows the viewer's, and is followed by it.

    `put_away` tells that its dock was closed. Places correspond by fractions of the two pictures: the second one is
    drawn as large as the first.

    Parameters
    ----------
    viewer : napari.Viewer

    Attributes
    ----------
    model : napari.components.ViewerModel
    """

    put_away = Signal()

    def __init__(self, viewer: "napari.Viewer") -> None:
        super().__init__()
        self.model = ViewerModel(title="beside")
        self.canvas = QtViewer(self.model)
        self.heading = rich_label()
        self.heading.setMinimumWidth(1)
        self.canvas.setMinimumSize(180, 120)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 2, 4, 2)
        layout.addWidget(self.heading)
        layout.addWidget(self.canvas, stretch=1)
        self._viewer = viewer
        self._take_theme()
        viewer.events.theme.connect(self._take_theme)
        self._cameras = viewer.scene.camera, self.model.scene.camera
        self._following = False
        for camera in self._cameras:
            camera.events.center.connect(self._follow)
            camera.events.zoom.connect(self._follow)

    def show_specimen(
        self, specimen: LoadedSpecimen, heat: Map, heading: str, shape: tuple[int, ...], *, signed: bool
    ) -> None:
        """Show a specimen with its map.

        Parameters
        ----------
        specimen : LoadedSpecimen
        heat : float32 array (h, w)
            At most 1.
        heading : str
            Rich text.
        shape : (int, int)
            Height and width of the picture that it is beside.
        signed : bool
            Whether the map shows both sides of the difference.
        """
        colours = {"colormap": DIFFERENCE_COLORMAP if signed else HEAT_COLORMAP, "contrast_limits": (-int(signed), 1)}
        self.heading.setText(heading)
        self.model.layers.clear()
        for values, options in (
            (specimen.image, {"rgb": True, "name": "beside"}),
            (heat, {**colours, "blending": "translucent", "name": "heat"}),
        ):
            # The longer side as long as that of the picture beside, so that one zoom fits both.
            scale = max(shape[:2]) / max(specimen.image.shape[:2])
            sides = list(zip(specimen.image.shape, values.shape, strict=False))[:2]
            step = tuple(scale * full / small for full, small in sides)
            offset = tuple(
                (side - scale * full) / 2 + (one - 1) / 2
                for side, full, one in zip(shape, specimen.image.shape, step, strict=False)
            )
            self.model.add_image(np.array(values), scale=step, translate=offset, **options)
        self._follow_viewer()

    def _follow_viewer(self) -> None:
        self._copy(*self._cameras)

    def _take_theme(self) -> None:
        self.model.theme = self._viewer.theme

    def _follow(self, event: object) -> None:
        source = getattr(event, "source", None)
        first, second = self._cameras
        if source is second:
            self._copy(second, first)
        else:
            self._copy(first, second)

    def _copy(self, source: "napari.components.Camera", other: "napari.components.Camera") -> None:
        if self._following:
            return
        self._following = True
        try:
            other.center, other.zoom = source.center, source.zoom
        finally:
            self._following = False

    def hideEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Tell that the dock was closed."""
        if not event.spontaneous():
            self.put_away.emit()
        super().hideEvent(event)

    def end(self) -> None:
        """Let the cameras go their own ways, and free the picture."""
        self._viewer.events.theme.disconnect(self._take_theme)
        for camera in self._cameras:
            camera.events.center.disconnect(self._follow)
            camera.events.zoom.disconnect(self._follow)
        self.model.layers.clear()
        self.canvas.close()
