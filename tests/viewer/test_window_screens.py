"""Small screens: the window fits, headings say less where there is less room, and the sheet of keys is whole."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari_finercam.session.pictures.companions import CompanionQuery
from napari_finercam.session.review import ReviewSession
from napari_finercam.window import qt
from napari_finercam.window.panels.companions import CompanionsPanel
from napari_finercam.window.widget import ReviewWidget
from napari_window import press, session_of
from PIL import Image
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QRect, QSize
from qtpy.QtWidgets import QDockWidget

pytestmark = pytest.mark.gui


def docks_of(window: Any) -> dict[str, Any]:
    return {dock.objectName(): dock for dock in window.findChildren(QDockWidget)}


@pytest.mark.parametrize("low", [True, False])
def test_docks_of_layers_become_tabs_where_the_screen_is_too_low_for_both(
    make_napari_viewer: Callable[..., Any], qtbot: QtBot, small_store: Path, low: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = make_napari_viewer(show=True)
    window = viewer.window._qt_window
    window.resize(QSize(911, 512) if low else QSize(1366, 728))
    if low:
        monkeypatch.setattr(qt, "height_on_screen", lambda _window: 512)  # 1366 × 768 at 150 %
    widget = ReviewWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Review", area="right")
    widget.workbench.open(ReviewSession(small_store, "A"))
    qtbot.wait(100)
    docks = docks_of(window)
    assert (docks["layer list"] in window.tabifiedDockWidgets(docks["layer controls"])) is low
    assert window.height() == (512 if low else 728)
    widget.workbench.say("A sentence that says what went wrong and what to do about it. " * 3)
    qtbot.wait(50)
    assert window.height() == (512 if low else 728)
    assert window.minimumSizeHint().height() <= window.height()
    bottom = widget.page.verdict.progress
    assert bottom.mapTo(window, bottom.rect().bottomRight()).y() < window.height()
    widget.workbench.end()


def test_nothing_is_done_to_a_panel_without_a_window(qtbot: QtBot) -> None:
    alone = CompanionsPanel()
    qtbot.addWidget(alone)
    qt.fit_into_screen(alone)
    qt.sides_to_the_bottom(alone)
    alone.close_threads()


@pytest.mark.parametrize("size", [(1366, 728), (911, 512), (860, 430)])
def test_the_sheet_of_keys_lies_in_the_window(widget: ReviewWidget, qtbot: QtBot, size: tuple[int, int]) -> None:
    window = widget.window()
    sheet = widget.commands.sheet
    if sheet is None or not sheet.isVisible():
        press(widget, qtbot, "Q")
    sheet = widget.commands.sheet
    assert sheet is not None
    room = QSize(*size)
    sheet._fit(type("Room", (), {"width": lambda _: room.width(), "height": lambda _: room.height()})())
    assert QRect(0, 0, *size).contains(sheet.geometry())
    assert "jump to a specimen" in sheet._table.text()
    press(widget, qtbot, "Q")
    assert not sheet.isVisible()
    assert window.isVisible()


def test_the_heading_of_the_strip_says_what_there_is_room_for(widget: ReviewWidget, qtbot: QtBot) -> None:
    session, reference, seen = session_of(widget), "Longiloquens permagnificus", []
    strip = CompanionsPanel()
    qtbot.addWidget(strip)
    strip.show_query(session.store, CompanionQuery(reference, "Aus bus", session.comparison.settings), "plain goby")
    for width in (2000, 480, 340, 240, 150):
        strip.resize(width, 200)
        strip._fit_heading()
        seen.append(strip.heading.text())
        assert strip.heading.sizeHint().width() <= width
    assert seen[0] == f"Compared with <i>{reference}</i> · plain goby: what tells it from <i>Aus bus</i>"
    assert seen[-1] == "<i>L. permagnificus</i>"
    assert len(set(seen)) >= 4
    assert [len(text) for text in seen] == sorted((len(text) for text in seen), reverse=True)
    assert strip.heading.toolTip() == seen[0]
    strip.close_threads()


def test_the_whole_specimen_stays_in_view_until_somebody_zooms(
    make_napari_viewer: Callable[..., Any], qtbot: QtBot, small_store: Path
) -> None:
    viewer = make_napari_viewer(show=True)
    window, camera = viewer.window._qt_window, viewer.scene.camera
    window.resize(QSize(1100, 640))
    widget = ReviewWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Review", area="right")
    widget.workbench.open(ReviewSession(small_store, "A"))
    qtbot.wait(100)
    small = camera.zoom
    window.resize(QSize(1550, 950))
    qtbot.waitUntil(lambda: camera.zoom > 1.2 * small, timeout=5000)
    camera.zoom = 7.5
    window.resize(QSize(1100, 640))
    qtbot.wait(100)
    assert camera.zoom == 7.5
    viewer.reset_view()  # the house below the list of layers
    window.resize(QSize(1550, 950))
    qtbot.waitUntil(lambda: 1.2 * small < camera.zoom < 7.5, timeout=5000)
    widget.workbench.end()


def test_a_specimen_of_other_proportions_is_seen_whole(
    widget: ReviewWidget, qtbot: QtBot, small_store: Path, tmp_path: Path
) -> None:
    path = tmp_path / "images" / "Aus_bus-001.png"
    with Image.open(path) as picture:
        picture.resize((64, 128)).save(path)
    session_of(widget).navigation.loader.forget()
    layers, camera = widget.workbench.viewer.layers, widget.workbench.viewer.scene.camera
    for key, centre in (("N", (63.5, 31.5)), ("H", (31.5, 47.5))):
        press(widget, qtbot, key)
        extents = [tuple(layer.extent.world[1]) for layer in layers]  # the trait mask is hidden, and has one too
        np.testing.assert_allclose(extents, np.broadcast_to(2 * np.array(centre), (4, 2)), atol=1e-6)
        np.testing.assert_allclose(camera.center[1:], centre, atol=1e-6)
