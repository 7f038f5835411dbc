"""A second specimen in a dock beside the picture, for as long as it is wanted."""

from html import escape

from qtpy.QtCore import QObject, Qt, QTimer
from qtpy.QtWidgets import QDockWidget

from napari_finercam.window.panels.beside import BesidePanel
from napari_finercam.window.qt import main_window
from napari_finercam.window.workbench import Workbench

NAME = "Side by side"


class SideBySide(QObject):
    """Shows a specimen beside the current one, with the map of the same comparison, until it is put away.

    Parameters
    ----------
    workbench : Workbench

    Attributes
    ----------
    panel : BesidePanel or None
        None while nothing is beside.
    """

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench)
        self._workbench = workbench
        self.panel: BesidePanel | None = None
        self._image_id = ""
        self._widths: dict[QDockWidget, int] = {}
        workbench.shown.connect(self.refresh)

    def show(self, image_id: str) -> None:
        """Put a specimen beside the current one."""
        self._image_id = image_id
        if self.panel is None:
            self.panel = BesidePanel(self._workbench.viewer)
            self.panel.put_away.connect(self.end)
            dock = self._workbench.viewer.window.add_dock_widget(self.panel, name=NAME, area="left")
            self._place(dock)
        self.refresh()

    def _place(self, dock: QDockWidget) -> None:
        """Between the list of layers and the picture, as wide as the picture."""
        window = main_window(self._workbench.page)
        if window is None:
            return
        left = Qt.DockWidgetArea.LeftDockWidgetArea
        others = [d for d in window.findChildren(QDockWidget) if d is not dock and window.dockWidgetArea(d) == left]
        self._widths = {other: other.width() for other in others if other.isVisible()}
        # Beside all other docks of this side, as high as the window.
        window.addDockWidget(left, dock, Qt.Orientation.Horizontal)
        QTimer.singleShot(0, self, self._share)

    def _share(self) -> None:
        """Give both pictures the same width, now that the docks have taken their room."""
        window = main_window(self._workbench.page)
        centre = None if window is None else window.centralWidget()
        dock = None if self.panel is None else self.panel.parentWidget()
        if window is not None and centre is not None and isinstance(dock, QDockWidget):
            half = (centre.width() + dock.width()) // 2
            window.resizeDocks([dock], [half], Qt.Orientation.Horizontal)
            QTimer.singleShot(0, self, self._fit)

    def _fit(self) -> None:
        if self.panel is not None and self._workbench.session is not None:
            self._workbench.viewer.reset_view()

    def refresh(self) -> None:
        """Draw it again, after the current specimen or the comparison changed."""
        session, panel = self._workbench.session, self.panel
        if session is None or panel is None:
            return
        specimen = session.navigation.loader.get(self._image_id)
        session.comparison.apply_choice(specimen)
        name = f"<i>{escape(specimen.species)}</i> · {escape(specimen.image_id)}"
        problem = f"<br>{escape(specimen.problem)}" if specimen.problem else ""
        signed = session.comparison.settings.signed
        heat = session.comparison.heat(specimen)
        panel.show_specimen(specimen, heat, name + problem, session.specimen.image.shape, signed=signed)

    def end(self) -> None:
        """Put it away."""
        panel, self.panel = self.panel, None
        if panel is None:
            return
        dock = panel.parentWidget()
        panel.end()
        if isinstance(dock, QDockWidget):
            self._workbench.viewer.window.remove_dock_widget(dock)
        panel.deleteLater()
        QTimer.singleShot(0, self, self._give_back)

    def _give_back(self) -> None:
        """Let the picture have the room again, and not the docks that were there before."""
        window, widths = main_window(self._workbench.page), self._widths
        self._widths = {}
        if window is not None and widths and self.panel is None:
            window.resizeDocks(list(widths), list(widths.values()), Qt.Orientation.Horizontal)
