"""A view that shows the whole picture goes on showing it, however large the window becomes."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import napari


class FittedView:
    """Fits the picture again when its canvas changes its size, unless somebody has zoomed or moved it since.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    def __init__(self, viewer: "napari.Viewer") -> None:
        self._viewer = viewer
        self._fitted: npt.NDArray[np.float64] | None = None
        viewer.events.reset_view.connect(self._remember)
        viewer.canvas.events.size.connect(self._fit_again)

    def _now(self) -> npt.NDArray[np.float64]:
        camera = self._viewer.scene.camera
        return np.array([camera.zoom, *camera.center])

    def _remember(self, _event: object) -> None:
        self._fitted = self._now()

    def _fit_again(self, _event: object) -> None:
        if self._fitted is not None and np.array_equal(self._fitted, self._now()):
            self._viewer.reset_view()

    def end(self) -> None:
        """Leave the view to itself."""
        self._viewer.events.reset_view.disconnect(self._remember)
        self._viewer.canvas.events.size.disconnect(self._fit_again)
