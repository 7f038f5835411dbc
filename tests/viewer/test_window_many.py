"""Many specimens at once, one found by its name, two side by side; verdicts taken back, and their history."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.panels.grid import GridDialog
from napari_finercam.window.panels.history import HistoryDialog
from napari_finercam.window.panels.picker import SpecimenPicker
from napari_finercam.window.widget import ReviewWidget
from napari_window import press, session_of
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from finercam_core.regions.rle import decode
from finercam_core.review import latest, read_verdicts

pytestmark = pytest.mark.gui
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def answer(monkeypatch: pytest.MonkeyPatch, dialog: type, act: Callable[[Any], None]) -> None:
    """Let a dialog be worked by `act` in place of a person, in the window as it is."""

    def run(shown: Any) -> int:
        shown.show()
        QApplication.processEvents()
        act(shown)
        QApplication.processEvents()
        shown.done(shown.result())
        return int(shown.result())

    monkeypatch.setattr(dialog, "exec", run)


def test_the_grid_accepts_what_is_chosen_and_one_undo_takes_all_back(
    widget: ReviewWidget, qtbot: QtBot, small_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, alone = session_of(widget), ReviewSession(small_store, "B")
    said = []

    def work(grid: GridDialog) -> None:
        assert grid.list.count() == 9  # of one species
        qtbot.waitUntil(lambda: not grid._futures, timeout=20_000)
        qtbot.keyClick(grid.list, Qt.Key.Key_K)
        assert "Nothing is chosen" in grid.message.text()
        for keys in (" ", "RIGHT", "RIGHT", " "):
            qtbot.keyClick(grid.list, {" ": Qt.Key.Key_Space, "RIGHT": Qt.Key.Key_Right}[keys])
        assert grid.chosen == ["Aus_bus-000", "Aus_bus-002"]
        qtbot.keyClick(grid.list, Qt.Key.Key_K)
        said.append(grid.message.text())
        qtbot.keyClick(grid.list, Qt.Key.Key_A, CTRL)
        assert len(grid.chosen) == 9
        qtbot.keyClick(grid.list, Qt.Key.Key_D, CTRL)
        assert grid.chosen == []

    answer(monkeypatch, GridDialog, work)
    press(widget, qtbot, "B", SHIFT)
    assert said == ["2 specimens are accepted; Ctrl+Z takes it back."]
    verdicts = read_verdicts(small_store)
    assert [(v.image_id, v.decision, v.together) for v in verdicts] == [
        ("Aus_bus-000", "accept", 2), ("Aus_bus-002", "accept", 2)
    ]  # fmt: skip
    for verdict in verdicts:  # the same regions as when each is looked at by itself
        alone.navigation.go_to(verdict.image_id)
        (region,) = verdict.regions
        np.testing.assert_array_equal(decode(region.rle), alone.regions.mask)
    alone.close()
    assert session.decision == "accept"
    press(widget, qtbot, "Z", CTRL)
    assert latest(read_verdicts(small_store)) == {}
    assert len(read_verdicts(small_store)) == 4  # nothing is ever deleted
    press(widget, qtbot, "Z", CTRL, SHIFT)
    assert {key[0] for key in latest(read_verdicts(small_store))} == {"Aus_bus-000", "Aus_bus-002"}


def test_the_grid_says_what_it_cannot_accept(
    widget: ReviewWidget, qtbot: QtBot, small_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (small_store.parent / "images" / "Aus_bus-003.png").unlink()
    session_of(widget).refresh()
    said = []

    def work(grid: GridDialog) -> None:
        grid.list.selectAll()
        qtbot.keyClick(grid.list, Qt.Key.Key_K)
        said.append(grid.message.text())
        qtbot.keyClick(grid.list, Qt.Key.Key_Z, CTRL)
        grid.list.selectAll()
        qtbot.keyClick(grid.list, Qt.Key.Key_U)

    answer(monkeypatch, GridDialog, work)
    press(widget, qtbot, "B", SHIFT)
    assert "8 specimens are accepted" in said[0]
    assert "Not judged: Aus_bus-003 has no photograph" in said[0]
    assert {v.decision for v in latest(read_verdicts(small_store)).values()} == {"unsure"}


def test_the_grid_shows_a_pair_and_keeps_what_was_painted(
    widget: ReviewWidget, qtbot: QtBot, small_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_of(widget)
    labels = np.zeros_like(session.regions.labels)
    labels[5:20, 5:20] = 1
    session.paint(labels)

    def work(grid: GridDialog) -> None:
        grid.pair.setCurrentIndex(2)
        grid.pair.activated.emit(2)
        assert session.comparison_made().references == (grid.pair.currentText(),)
        grid.list.selectAll()
        qtbot.keyClick(grid.list, Qt.Key.Key_K)

    answer(monkeypatch, GridDialog, work)
    press(widget, qtbot, "B", SHIFT)
    verdicts = {v.image_id: v for v in read_verdicts(small_store)}
    np.testing.assert_array_equal(decode(verdicts["Aus_bus-000"].regions[0].rle), labels == 1)
    assert {len(v.comparison.references) for name, v in verdicts.items() if name != "Aus_bus-000"} == {1}


def test_a_full_disk_in_the_middle_of_a_batch_loses_no_verdict(
    small_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = ReviewSession(small_store, "A")
    written, append = [], session.verdicts._log.append

    def third_fails(verdict: Any) -> Any:
        if len(written) == 2:
            from finercam_core.errors import ReviewError

            raise ReviewError("the log cannot be written", "make room on the disk")
        written.append(append(verdict))
        return written[-1]

    monkeypatch.setattr(session.verdicts._log, "append", third_fails)
    outcome = session.decide_together([f"Aus_bus-{i:03d}" for i in range(5)], "accept")
    assert [v.image_id for v in outcome.written] == ["Aus_bus-000", "Aus_bus-001"]
    assert len(outcome.refused) == 3
    monkeypatch.undo()
    assert len(latest(read_verdicts(small_store))) == 2
    session.undo()
    assert latest(read_verdicts(small_store)) == {}
    session.close()


def test_jump_by_part_of_an_id(
    widget: ReviewWidget, qtbot: QtBot, small_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(picker: SpecimenPicker) -> None:
        qtbot.keyClicks(picker.field, "cus-00")
        assert picker.list.count() == 5
        qtbot.keyClick(picker.field, Qt.Key.Key_Down)
        qtbot.keyClick(picker.field, Qt.Key.Key_Enter)

    answer(monkeypatch, SpecimenPicker, work)
    widget.page.queue.text.setText("striped")
    widget.page.queue.apply()
    press(widget, qtbot, "J", SHIFT)
    assert session_of(widget).specimen.image_id == "Aus_cus-001"
    assert widget.page.queue.text.text() == ""  # it lies outside what was filtered

    def nothing(picker: SpecimenPicker) -> None:
        qtbot.keyClicks(picker.field, "no such")
        assert picker.none.isVisible()
        qtbot.keyClick(picker.field, Qt.Key.Key_Enter)
        assert picker.isVisible()

    answer(monkeypatch, SpecimenPicker, nothing)
    press(widget, qtbot, "J", SHIFT)
    assert session_of(widget).specimen.image_id == "Aus_cus-001"


def test_the_closest_name_comes_first(small_store: Path) -> None:
    session = ReviewSession(small_store, "A")
    assert session.queue.find("aus_cus-003")[0] == "Aus_cus-003"
    assert session.queue.find("PLAIN Goby") == [f"Aus_cus-{i:03d}" for i in range(5)]
    assert len(session.queue.find("", 3)) == 3
    assert session.queue.find("(") == []
    session.close()


def test_a_verdict_is_retracted_and_its_regions_stay(widget: ReviewWidget, qtbot: QtBot, small_store: Path) -> None:
    session = session_of(widget)
    press(widget, qtbot, "U", SHIFT)
    assert "has no verdict of yours" in widget.page.message.text()
    labels = np.zeros_like(session.regions.labels)
    labels[5:20, 5:20] = 1
    session.paint(labels)
    press(widget, qtbot, "KH")
    press(widget, qtbot, "U", SHIFT)
    assert (session.decision, session.edited) == ("", False)
    assert latest(read_verdicts(small_store)) == {}
    np.testing.assert_array_equal(session.regions.labels, labels)
    press(widget, qtbot, "Z", CTRL)
    assert (session.decision, session.edited) == ("accept", False)
    press(widget, qtbot, "Z", CTRL, SHIFT)
    assert session.decision == ""
    np.testing.assert_array_equal(session.regions.labels, labels)
    again = ReviewSession(small_store, session.reviewer)
    assert again.specimen.image_id == session.specimen.image_id
    np.testing.assert_array_equal(again.regions.labels, labels)
    again.close()


def test_the_history_says_who_when_and_what_and_is_blind(
    widget: ReviewWidget, qtbot: QtBot, small_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = ReviewSession(small_store, "B <b>old</b>")
    other.decide("reject", "no fin")
    other.close()
    seen: list[list[list[str]]] = []

    def read(dialog: HistoryDialog) -> None:
        table = dialog.table
        rows, columns = range(table.rowCount()), range(table.columnCount())
        seen.append([[table.item(row, column).text() for column in columns] for row in rows])

    answer(monkeypatch, HistoryDialog, read)
    widget.commands.refresh()
    press(widget, qtbot, "I", SHIFT)
    press(widget, qtbot, "KHJH")
    press(widget, qtbot, "I", SHIFT)
    assert seen[0] == []
    assert [(row[1], row[2]) for row in seen[1]] == [
        ("A. Tester", "rejected"), ("A. Tester", "accepted"), ("B <b>old</b>", "rejected")
    ]  # fmt: skip
    assert seen[1][2][5] == "no fin"
    assert "against Aus cus" in seen[1][0][4]


def test_two_specimens_side_by_side_are_enlarged_together(
    widget: ReviewWidget, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, SpecimenPicker, lambda picker: qtbot.keyClick(picker.field, Qt.Key.Key_Enter))
    press(widget, qtbot, "C", SHIFT)
    panel, viewer = widget.commands.beside.panel, widget.workbench.viewer
    assert panel is not None
    assert "Aus_cus-000" in panel.heading.text()
    viewer.scene.camera.zoom, viewer.scene.camera.center = 7.5, (0, 20.0, 30.0)
    assert panel.model.scene.camera.zoom == 7.5
    assert panel.model.scene.camera.center == viewer.scene.camera.center
    panel.model.scene.camera.zoom = 3
    assert viewer.scene.camera.zoom == 3
    np.testing.assert_allclose(panel.model.layers[0].extent.world, viewer.layers["specimen"].extent.world)
    for theme in ("light", "dark"):
        viewer.theme = theme
        background = panel.canvas.canvas._scene_canvas.bgcolor.rgb
        np.testing.assert_allclose(background, viewer.window._qt_viewer.canvas._scene_canvas.bgcolor.rgb)
    press(widget, qtbot, "N")
    assert "Aus_cus-000" in panel.heading.text()
    press(widget, qtbot, "C", SHIFT)
    assert widget.commands.beside.panel is None
    viewer.theme = "light"
    viewer.scene.camera.zoom = 4


def test_snap_by_key_is_a_story_that_can_be_undone(widget: ReviewWidget, qtbot: QtBot, small_store: Path) -> None:
    session = session_of(widget)
    before = np.array(session.regions.labels)
    press(widget, qtbot, "S", SHIFT)
    assert session.regions.properties[1].source == "snapped"
    assert "snapped to the edges" in widget.page.region.regions.item(0).text()
    snapped = np.array(session.regions.labels)
    widget.page.comparison.gamma.setValue(1.5)
    np.testing.assert_array_equal(session.regions.labels, snapped)
    press(widget, qtbot, "K")
    ((region,),) = [verdict.regions for verdict in read_verdicts(small_store)]
    assert (region.source, region.snapped["reach"], region.threshold) == ("snapped", 20.0, {"top": 0.05})
    np.testing.assert_array_equal(decode(region.rle), snapped == 1)
    press(widget, qtbot, "Z", CTRL)
    press(widget, qtbot, "Z", CTRL)
    np.testing.assert_array_equal(session.regions.labels, before)
    assert session.regions.follows
    widget.page.region.remove()
    press(widget, qtbot, "S", SHIFT)
    assert "region 1 is empty" in widget.page.message.text()
