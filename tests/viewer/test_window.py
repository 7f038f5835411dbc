"""A real napari window, driven by key presses and the mouse."""

from pathlib import Path

import numpy as np
import pytest
from napari_finercam.formats.layer_style import HEAT, REGION, SPECIMEN, TRAITS
from napari_finercam.window.widget import ReviewWidget
from napari_window import press, session_of, stroke
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from finercam_core.regions.rle import decode
from finercam_core.review import latest, read_verdicts
from finercam_core.review.keys import KEYS

pytestmark = pytest.mark.gui
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def test_review_by_keyboard_alone(widget: ReviewWidget, qtbot: QtBot, small_store: Path) -> None:
    session = session_of(widget)
    queue = list(session.queue.ids)
    press(widget, qtbot, "KJUNK")
    decisions = {key[0]: verdict.decision for key, verdict in latest(read_verdicts(small_store)).items()}
    assert decisions == {queue[0]: "accept", queue[1]: "reject", queue[2]: "unsure", queue[4]: "accept"}
    assert session.queue.position == 5
    press(widget, qtbot, "HH")
    assert session.specimen.image_id == queue[3]
    assert "2 accepted, 1 rejected, 1 unsure" in widget.page.verdict.counts.text()


def test_the_last_specimen_takes_a_verdict_and_stays(widget: ReviewWidget, qtbot: QtBot, small_store: Path) -> None:
    press(widget, qtbot, "K" * 15)
    assert len(latest(read_verdicts(small_store))) == 14
    assert session_of(widget).queue.position == 13
    assert "accepted" in widget.page.heading.text()


def test_gamma_changes_the_map_and_the_region_at_once(widget: ReviewWidget, qtbot: QtBot) -> None:
    layers, gamma = widget.workbench.viewer.layers, widget.page.comparison.gamma
    heat, mask = np.array(layers[HEAT].data), np.array(layers[REGION].data)
    gamma.setValue(1.5)
    assert np.abs(layers[HEAT].data - heat).max() > 0.05
    assert (layers[REGION].data != mask).any()
    press(widget, qtbot, "G")
    assert gamma.value() == 0
    press(widget, qtbot, "G")
    assert gamma.value() == 1.5
    press(widget, qtbot, "Left Left", SHIFT)
    assert gamma.value() == pytest.approx(1.3)
    press(widget, qtbot, "Right", SHIFT)
    assert session_of(widget).gamma == pytest.approx(1.4)
    gamma.setValue(0.6)
    np.testing.assert_array_equal(layers[HEAT].data, heat)


def test_references_one_after_the_other_and_the_difference(widget: ReviewWidget, qtbot: QtBot) -> None:
    session, heat = session_of(widget), widget.workbench.viewer.layers[HEAT]
    assert widget.page.comparison.references.item(0).text() == "Aus cus · plain goby   (congener)"
    used = []
    for _ in range(4):
        press(widget, qtbot, "R", SHIFT)
        used.append(session.specimen.used[1:].tolist())
    assert used == [[True, False, False], [False, True, False], [False, False, True], [True, True, True]]
    widget.page.comparison.references.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert session.specimen.used.tolist() == [False, False, True, True]
    press(widget, qtbot, "G", SHIFT)
    assert (heat.data < 0).any()
    assert heat.contrast_limits == [-1, 1]
    colours = heat.colormap.map(np.array([0.0, 0.5, 1.0]))
    assert colours[1, 3] == 0
    assert colours[0, 2] > colours[0, 0]
    assert colours[2, 0] > colours[2, 2]


def test_the_look_alike_is_shown_beside_with_its_own_evidence(widget: ReviewWidget, qtbot: QtBot) -> None:
    companions = widget.workbench.companions
    assert companions is not None
    qtbot.waitUntil(lambda: companions.captions[3].text().strip() != "", timeout=8000)
    assert "Aus cus" in companions.heading.text()
    assert all(caption.text().startswith("Aus_cus-") for caption in companions.captions)
    assert companions.captions[0].toolTip().endswith("what tells it from Aus bus")
    before = companions.pictures[0].pixmap().toImage()
    widget.page.comparison.gamma.setValue(2.0)
    qtbot.waitUntil(lambda: companions.pictures[0].pixmap().toImage() != before, timeout=8000)
    widget.page.comparison.references.setCurrentRow(2)
    qtbot.waitUntil(lambda: "no specimen" in companions.heading.toolTip(), timeout=8000)
    assert "o specimen" in companions.heading.text()  # as much of it as there is room for


def test_thresholds_by_key_and_by_kind(widget: ReviewWidget, qtbot: QtBot) -> None:
    region = widget.workbench.viewer.layers[REGION]
    sizes = [int(np.count_nonzero(region.data))]
    press(widget, qtbot, "Up Up", SHIFT)
    sizes.append(int(np.count_nonzero(region.data)))
    press(widget, qtbot, "Down Down Down Down", SHIFT)
    sizes.append(int(np.count_nonzero(region.data)))
    assert sizes[2] < sizes[0] < sizes[1]
    for kind in (1, 2):
        widget.page.region.kind.setCurrentIndex(kind)
        widget.page.region.share.setValue(60)
        (kept,) = session_of(widget).regions.records()
        assert list(kept.threshold) == [["top", "value", "energy"][kind]]


def test_painting_with_the_mouse_and_undo_by_key(widget: ReviewWidget, qtbot: QtBot, small_store: Path) -> None:
    region, session = widget.workbench.viewer.layers[REGION], session_of(widget)
    first, before = session.specimen.image_id, np.array(region.data)
    press(widget, qtbot, "P")
    stroke(widget, qtbot, (0.3, 0.3), (0.4, 0.35))
    once = np.array(region.data)
    assert (once != before).any()
    stroke(widget, qtbot, (0.6, 0.6), (0.7, 0.6))
    twice = np.array(region.data)
    assert (twice != once).any()
    assert session.drafts.load(first) is not None
    press(widget, qtbot, "Z", CTRL)
    np.testing.assert_array_equal(region.data, once)
    press(widget, qtbot, "Z", CTRL, SHIFT)
    np.testing.assert_array_equal(region.data, twice)
    press(widget, qtbot, "K")
    ((kept,),) = [verdict.regions for verdict in read_verdicts(small_store)]
    assert kept.source == "painted"
    np.testing.assert_array_equal(decode(kept.rle), twice > 0)
    press(widget, qtbot, "Z", CTRL)
    assert session.specimen.image_id == first
    assert session.decision == ""
    np.testing.assert_array_equal(region.data, twice)


def test_regions_with_traits_by_key(widget: ReviewWidget, qtbot: QtBot, small_store: Path) -> None:
    region = widget.workbench.viewer.layers[REGION]
    press(widget, qtbot, "M", SHIFT)
    assert region.selected_label == 2
    press(widget, qtbot, "P")
    stroke(widget, qtbot, (0.45, 0.4), (0.55, 0.4))
    assert (np.array(region.data) == 2).any()
    press(widget, qtbot, "T", SHIFT)
    popup = widget.page.region.trait.view()
    qtbot.keyClick(popup, Qt.Key.Key_Down)
    qtbot.keyClick(popup, Qt.Key.Key_Down)
    qtbot.keyClick(popup, Qt.Key.Key_Enter)
    assert "caudal fin" in widget.page.region.regions.item(1).text()
    press(widget, qtbot, "K")
    (verdict,) = read_verdicts(small_store)
    assert [part.trait for part in verdict.regions] == ["", "caudal fin"]


def test_the_overlap_with_the_collections_masks_is_said(widget: ReviewWidget, qtbot: QtBot) -> None:
    session, traits = session_of(widget), widget.workbench.viewer.layers[TRAITS]
    labels = np.zeros_like(session.regions.labels)
    labels[10:20, 90:96] = 1
    session.paint(labels)
    widget.page.region.show_overlap()
    assert widget.page.region.overlap.text() == "100 % of the region lies on the caudal fin."
    assert not traits.visible
    press(widget, qtbot, "W", SHIFT)
    assert traits.visible
    assert set(np.unique(traits.data)) == {0, 1, 2}


def test_the_heat_map_never_hides_the_specimen(widget: ReviewWidget, qtbot: QtBot) -> None:
    heat = widget.workbench.viewer.layers[HEAT]
    for _ in range(2):
        colours = heat.colormap.map(np.linspace(0, 1, 51))
        assert colours[:, 3].max() < 0.67
        assert colours[25 if heat.contrast_limits[0] else 0, 3] == 0
        press(widget, qtbot, "G", SHIFT)
    shown = widget.workbench.viewer.screenshot(canvas_only=True, flash=False)
    press(widget, qtbot, "W")
    assert not heat.visible
    assert widget.workbench.viewer.layers[SPECIMEN].visible
    # The dark ellipse on its light ground can be told apart with and without the map.
    for picture in (shown, widget.workbench.viewer.screenshot(canvas_only=True, flash=False)):
        assert picture[..., :3].std() > 10


def test_the_sheet_of_keys_is_one_key_away(widget: ReviewWidget, qtbot: QtBot) -> None:
    press(widget, qtbot, "Q")
    sheet = widget.commands.sheet
    assert sheet is not None
    assert sheet.isVisible()
    press(widget, qtbot, "Q")
    assert not sheet.isVisible()
    assert all(hasattr(widget.commands, key.command) for key in KEYS if key.command)


def test_a_note_is_written_by_key_and_kept(widget: ReviewWidget, qtbot: QtBot, small_store: Path) -> None:
    press(widget, qtbot, "N", SHIFT)
    qtbot.keyClicks(widget.page.verdict.note, "jaw broken")
    qtbot.keyClick(widget.page.verdict.note, Qt.Key.Key_Enter)
    press(widget, qtbot, "J")
    (verdict,) = read_verdicts(small_store)
    assert (verdict.decision, verdict.note) == ("reject", "jaw broken")
    press(widget, qtbot, "H")
    assert widget.page.verdict.note.text() == "jaw broken"


def test_keys_work_after_the_mouse_was_in_the_panel(widget: ReviewWidget, qtbot: QtBot, small_store: Path) -> None:
    slider = widget.page.comparison.gamma
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_K)
    qtbot.mouseClick(widget.page.comparison.references.viewport(), Qt.MouseButton.LeftButton)
    assert not widget.page.comparison.references.hasFocus()
    qtbot.keyClick(QApplication.focusWidget() or slider, Qt.Key.Key_J)
    assert sorted(verdict.decision for verdict in read_verdicts(small_store)) == ["accept", "reject"]
