"""The review widget that napari docks: its workbench, the keys, and what each signal does."""

from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from qtpy.QtCore import QEvent, Qt, QTimer
from qtpy.QtWidgets import QApplication, QWidget

from napari_finercam.window.commands import Commands
from napari_finercam.window.keyboards import LatinKeys
from napari_finercam.window.keys import bind_keys, unbind_keys
from napari_finercam.window.page import QUEUE_TAB
from napari_finercam.window.qt import canvas_beside, main_window
from napari_finercam.window.workbench import Workbench

if TYPE_CHECKING:
    import napari


def warm_up() -> None:
    """Let napari load its units of measure behind the start page; its first layer would wait half a second for them."""
    from napari.layers import Image

    Image(np.zeros((1, 1)))


class ReviewWidget(QWidget):
    """Dock widget of the review.

    Parameters
    ----------
    napari_viewer : napari.Viewer

    Attributes
    ----------
    workbench : Workbench
    page : ReviewPage
    commands : Commands
    """

    def __init__(self, napari_viewer: "napari.Viewer") -> None:
        super().__init__()
        self.workbench = Workbench(napari_viewer, self)
        self.page = self.workbench.page
        self.commands = Commands(self.workbench)
        self._connect_workbench()
        self._connect_panels()
        self._window_ref: ref[QWidget] | None = None  # weak, so that the review keeps no closed window alive
        self._hidden = self._docked = self._ended = False
        bind_keys(napari_viewer, self._run)
        QTimer.singleShot(0, self, warm_up)
        napari_viewer.layers.events.inserted.connect(self.workbench.offer_open_store)
        self.workbench.offer_open_store()
        application = QApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.workbench.close)

    def _connect_workbench(self) -> None:
        workbench, commands = self.workbench, self.commands
        workbench.layers_added.connect(self._connect_layers)
        workbench.start.store_wanted.connect(commands.choose_store)
        workbench.start.sample_wanted.connect(commands.open_sample)
        workbench.start.shown_wanted.connect(workbench.open_store)
        queue = self.page.queue
        queue.store_wanted.connect(commands.choose_store)
        queue.images_wanted.connect(commands.choose_images)
        queue.figures_wanted.connect(commands.choose_figures)
        queue.close_wanted.connect(commands.beside.end)
        queue.close_wanted.connect(workbench.end)
        queue.export_wanted.connect(commands.export)
        queue.refresh_wanted.connect(commands.refresh)
        queue.selected.connect(self._on_selected)

    def _connect_panels(self) -> None:
        workbench, page, queue = self.workbench, self.page, self.page.queue
        page.comparison.changed.connect(self._on_map)
        page.comparison.reference_picked.connect(workbench.show_companions)
        page.comparison.store_chosen.connect(workbench.switch_store)
        page.region.changed.connect(workbench.show_regions)
        page.deciding.changed.connect(workbench.show_regions)
        page.deciding.changed.connect(page.region.show_specimen)
        page.region.chosen.connect(self._on_region_chosen)
        for panel in (page.comparison, page.region, page.deciding, queue):
            panel.done.connect(workbench.focus_canvas)
            panel.message.connect(workbench.say)
        page.verdict.command_given.connect(self.commands.run)
        page.verdict.note_written.connect(workbench.take_strokes)
        page.verdict.note.returnPressed.connect(workbench.focus_canvas)
        page.tabs.currentChanged.connect(self._on_tab)

    def _connect_layers(self) -> None:
        layers = self.workbench.layers
        if layers is not None:
            bind_keys(layers.regions, self._run)
            layers.regions.events.paint.connect(self._on_paint)
            layers.regions.events.selected_label.connect(self._on_label)

    def _run(self, command: str) -> None:
        """Run the command of a key, unless the review is out of sight or a stroke is under way."""
        layers = self.workbench.layers
        if not self._hidden and not (layers is not None and layers.regions.in_stroke):
            self.commands.run(command)

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Pass keys that no field here took on to the picture; Escape brings the focus back to it."""
        if event.key() == Qt.Key.Key_Escape:
            self.workbench.focus_canvas()
        elif (canvas := canvas_beside(self)) is not None:
            QApplication.sendEvent(canvas, event)

    def closeEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """End the threads with the window."""
        self.end()
        super().closeEvent(event)

    def hideEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Let no key give a verdict while nobody sees what it is about."""
        self._hidden = not event.spontaneous()
        super().hideEvent(event)

    def showEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Let the keys work again."""
        self._hidden = False
        self._watch_window()
        canvas = canvas_beside(self)
        if canvas is not None and canvas.findChild(LatinKeys) is None:
            LatinKeys(canvas)
        super().showEvent(event)

    def end(self) -> None:
        """End the review for good: session, threads, keys and layers."""
        if self._ended:
            return
        self._ended = True
        self.commands.beside.end()
        if self._window is None or self._window.isVisible():
            self.workbench.end()
        self.workbench.viewer.layers.events.inserted.disconnect(self.workbench.offer_open_store)
        unbind_keys(self.workbench.viewer)
        if self._window is not None:
            self._window.removeEventFilter(self)
        self.workbench.close()

    def event(self, event: Any) -> bool:
        """End the review when its dock is closed, which takes it out of the window."""
        handled = super().event(event)
        if event.type() == QEvent.Type.ParentChange:
            docked, self._docked = self._docked, self.parentWidget() is not None
            if docked and not self._docked:
                self.end()
                self.deleteLater()
        return handled

    def _watch_window(self) -> None:
        window = main_window(self)
        if window is not self._window:
            if self._window is not None:
                self._window.removeEventFilter(self)
            if window is not None:
                window.installEventFilter(self)
            self._window_ref = None if window is None else ref(window)

    @property
    def _window(self) -> QWidget | None:
        return None if self._window_ref is None else self._window_ref()

    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802 - Qt's name
        """Keep what is on the screen when the whole window is about to close, and end the review once it has."""
        if event.type() == QEvent.Type.Close and watched is self._window:
            self.workbench.close_session()
            if self.workbench.companions is not None:
                self.workbench.companions.close_threads()
            self.commands.beside.end()
            QTimer.singleShot(0, self, self._end_with_window)
        return super().eventFilter(watched, event)

    def _end_with_window(self) -> None:
        try:
            closed = self._window is None or not self._window.isVisible()
        except RuntimeError:  # Qt has deleted it
            closed = True
        if closed:
            self._ended = True
            self.workbench.close()
        else:
            self.workbench.end()

    def _on_map(self) -> None:
        with self.workbench.errors_shown():
            self.workbench.show_map()

    def _on_paint(self, _event: object) -> None:
        # napari tells of fills and polygons before they are in the layer.
        self.workbench.take_strokes()
        QTimer.singleShot(0, self, self._after_paint)

    def _after_paint(self) -> None:
        if self.workbench.layers is not None and not self.workbench.layers.regions.in_stroke:
            self.workbench.take_strokes()

    def _on_label(self, _event: object) -> None:
        if self.workbench.layers is not None:
            self.page.region.choose(int(self.workbench.layers.regions.selected_label))

    def _on_region_chosen(self, number: int) -> None:
        if self.workbench.layers is not None:
            self.workbench.layers.regions.selected_label = number

    def _on_selected(self) -> None:
        self.workbench.show_specimen()
        self.workbench.focus_canvas()

    def _on_tab(self, index: int) -> None:
        if index == QUEUE_TAB:
            self.page.queue.show_agreement()
