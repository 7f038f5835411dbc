"""A review has an end: with its dock, its window or its store; and what opens again is whole."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari_finercam.formats.layer_style import HEAT, REGION, SPECIMEN, TRAITS
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.widget import ReviewWidget
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget

from finercam_core.review import read_verdicts

pytestmark = pytest.mark.gui
LAYERS = [SPECIMEN, HEAT, TRAITS, REGION]


def dock_of(widget: Any) -> Any:
    dock = widget.parentWidget()
    while dock is not None and not isinstance(dock, QDockWidget):
        dock = dock.parentWidget()
    return dock


def threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("finercam-")}


def test_closing_the_dock_ends_the_review_and_another_begins_with_one_set_of_layers(
    make_napari_viewer: Callable[..., Any], qtbot: QtBot, small_store: Path
) -> None:
    viewer, others = make_napari_viewer(show=True), threads()
    canvas = viewer.window._qt_viewer.canvas.native
    dock, widget = viewer.window.add_plugin_dock_widget("finercam", "Review")
    widget.workbench.start.reviewer.setText("A")
    widget.workbench.open_store(small_store)
    qtbot.wait(50)
    dock.title.hide_button.click()
    qtbot.keyClick(canvas, Qt.Key.Key_K)  # nobody sees what it is about
    assert read_verdicts(small_store) == []
    dock.show()
    qtbot.wait(50)
    viewer.layers[REGION].data[:7, :7] = 1
    painted = np.array(viewer.layers[REGION].data)
    dock.title.close_button.click()
    qtbot.wait(50)
    assert threads() <= others
    assert list(viewer.layers) == []
    qtbot.keyClick(canvas, Qt.Key.Key_K)
    assert read_verdicts(small_store) == []
    _, again = viewer.window.add_plugin_dock_widget("finercam", "Review")
    again.workbench.open_store(small_store)
    assert [layer.name for layer in viewer.layers] == LAYERS
    np.testing.assert_array_equal(viewer.layers[REGION].data, painted)
    qtbot.wait(50)
    strip = again.workbench.companions
    dock_of(strip).title.close_button.click()
    again.workbench.open_store(small_store)
    qtbot.wait(50)
    assert strip.isVisible()
    qtbot.keyClick(canvas, Qt.Key.Key_J)
    assert [verdict.decision for verdict in read_verdicts(small_store)] == ["reject"]


def test_closing_the_store_keeps_what_is_painted_and_offers_it_again(
    make_napari_viewer: Callable[..., Any], qtbot: QtBot, small_store: Path
) -> None:
    viewer, others = make_napari_viewer(show=True), threads()
    widget = ReviewWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Review", area="right")
    widget.workbench.open(ReviewSession(small_store, "A"))
    qtbot.wait(50)
    viewer.layers[REGION].data[:7, :7] = 1
    painted = np.array(viewer.layers[REGION].data)
    widget.page.queue.close_wanted.emit()
    assert widget.workbench.session is None
    assert widget.workbench.start.shown_button.text() == "Continue with maps.zarr"
    assert list(viewer.layers) == []
    widget.workbench.start.shown_button.click()
    np.testing.assert_array_equal(viewer.layers[REGION].data, painted)
    qtbot.wait(50)
    viewer.layers[REGION].data[-7:, :7] = 1
    painted = np.array(viewer.layers[REGION].data)
    viewer.close()
    qtbot.wait(50)
    assert threads() <= others
    np.testing.assert_array_equal(ReviewSession(small_store, "A").regions.labels, painted)
