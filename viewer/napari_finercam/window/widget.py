"""The review widget that napari docks: its workbench, the keys, and what each signal does."""

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QApplication, QWidget

from napari_finercam.window.commands import Commands
from napari_finercam.window.keys import bind_keys
from napari_finercam.window.page import QUEUE_TAB
from napari_finercam.window.qt import canvas_beside
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
        bind_keys(napari_viewer, self.commands.run)
        QTimer.singleShot(0, self, warm_up)
        napari_viewer.layers.events.inserted.connect(self.workbench.offer_open_store)
        self.workbench.offer_open_store()

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
        queue.export_wanted.connect(commands.export)
        queue.refresh_wanted.connect(commands.refresh)
        queue.message.connect(workbench.say)
        queue.selected.connect(self._on_selected)

    def _connect_panels(self) -> None:
        workbench, page = self.workbench, self.page
        page.comparison.changed.connect(self._on_map)
        page.comparison.reference_picked.connect(workbench.show_companions)
        page.comparison.store_chosen.connect(workbench.switch_store)
        page.region.changed.connect(workbench.show_regions)
        page.region.chosen.connect(self._on_region_chosen)
        for panel in (page.comparison, page.region):
            panel.done.connect(workbench.focus_canvas)
        page.verdict.command_given.connect(self.commands.run)
        page.verdict.note_written.connect(workbench.keep_note)
        page.verdict.note.returnPressed.connect(workbench.focus_canvas)
        page.tabs.currentChanged.connect(self._on_tab)

    def _connect_layers(self) -> None:
        layers = self.workbench.layers
        if layers is not None:
            bind_keys(layers.regions, self.commands.run)
            layers.regions.events.paint.connect(self._on_paint)
            layers.regions.events.selected_label.connect(self._on_label)

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Pass keys that no field here took on to the picture; Escape brings the focus back to it."""
        if event.key() == Qt.Key.Key_Escape:
            self.workbench.focus_canvas()
        elif (canvas := canvas_beside(self)) is not None:
            QApplication.sendEvent(canvas, event)

    def closeEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """End the threads with the window."""
        self.workbench.close()
        super().closeEvent(event)

    def _on_map(self) -> None:
        with self.workbench.errors_shown():
            self.workbench.show_map()

    def _on_paint(self, _event: object) -> None:
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
