"""Whatever tool changed the regions on screen, they are what is saved; and the heading says what the verdict is of."""

from pathlib import Path

import numpy as np
import pytest
from napari_finercam.formats.layer_style import REGION, SPECIMEN
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.widget import ReviewWidget
from napari_window import canvas, press, session_of, stroke
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QPoint, Qt

from finercam_core.regions.rle import decode
from finercam_core.review import read_verdicts

pytestmark = pytest.mark.gui
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
CORNERS = ((0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7))


def polygon(widget: ReviewWidget, qtbot: QtBot, *, close: bool) -> None:
    native, left = canvas(widget), Qt.MouseButton.LeftButton
    press(widget, qtbot, "3")
    places = [QPoint(round(x * native.width()), round(y * native.height())) for x, y in CORNERS]
    for place in places:
        qtbot.mouseMove(native, place)
        qtbot.mouseClick(native, left, pos=place)
        qtbot.wait(10)
    if close:
        qtbot.mouseDClick(native, left, pos=places[-1])


def accepted(store: Path) -> np.ndarray:
    return decode(read_verdicts(store)[-1].regions[0].rle)


@pytest.mark.parametrize("close", [True, False])
def test_a_polygon_is_what_is_accepted(widget: ReviewWidget, qtbot: QtBot, small_store: Path, close: bool) -> None:
    region = widget.workbench.viewer.layers[REGION]
    before = np.array(region.data)
    polygon(widget, qtbot, close=close)
    if close:
        qtbot.waitUntil(lambda: session_of(widget).regions.properties[1].source == "painted", timeout=3000)
        shown = np.array(region.data) > 0
        widget.page.comparison.gamma.setValue(1.2)
        np.testing.assert_array_equal(np.array(region.data) > 0, shown)
    press(widget, qtbot, "K")
    kept = accepted(small_store)
    assert (kept & (before == 0)).sum() > 300
    if close:
        np.testing.assert_array_equal(kept, shown)


@pytest.mark.parametrize("key", ["K", "N"], ids=["verdict", "move"])
def test_what_was_written_before_an_open_polygon_is_kept_with_it(
    widget: ReviewWidget, qtbot: QtBot, small_store: Path, key: str
) -> None:
    layer, first = widget.workbench.viewer.layers[REGION], session_of(widget).specimen.image_id
    layer.data[:5, :7] = 1  # by a console, which tells nobody
    polygon(widget, qtbot, close=False)
    press(widget, qtbot, key)
    layer.mode = "pan_zoom"
    session_of(widget).navigation.go_to(first)
    labels = session_of(widget).regions.labels
    assert (labels[:5, :7] == 1).all()
    assert labels[32, 48] == 1


def test_a_fill_an_outside_change_and_a_stroke_in_hand_are_taken_at_every_way_out(
    widget: ReviewWidget, qtbot: QtBot, small_store: Path
) -> None:
    region, session = widget.workbench.viewer.layers[REGION], session_of(widget)
    first = session.specimen.image_id
    region.fill((0, 0), 1)
    filled = np.array(region.data)
    widget.page.region.share.setValue(20)
    np.testing.assert_array_equal(session.regions.labels, filled)
    region.data[:5, :5] = 2  # napari's console tells nobody
    changed = np.array(region.data)
    press(widget, qtbot, "N")
    press(widget, qtbot, "H")
    assert session.specimen.image_id == first
    np.testing.assert_array_equal(region.data, changed)
    region.data[50:, :5] = 2
    changed = np.array(region.data)
    widget.workbench.close_session()
    again = ReviewSession(small_store, "A. Tester")
    np.testing.assert_array_equal(again.regions.labels, changed)
    widget.workbench.open(again)


def test_an_array_of_another_shape_goes_to_a_layer_of_its_own(widget: ReviewWidget, qtbot: QtBot) -> None:
    viewer = widget.workbench.viewer
    viewer.layers[REGION].data = np.ones((10, 10), np.uint8)
    qtbot.wait(50)
    press(widget, qtbot, "N")
    other = viewer.layers[f"{REGION}, not taken"]
    assert other.data.shape == (10, 10)
    assert viewer.layers[REGION].data.shape == session_of(widget).regions.labels.shape
    qtbot.wait(50)
    viewer.layers.remove(other)
    qtbot.wait(50)


def test_a_region_keeps_the_comparison_it_was_cut_from(widget: ReviewWidget, qtbot: QtBot, small_store: Path) -> None:
    widget.page.comparison.gamma.setValue(1.4)
    press(widget, qtbot, "K")
    widget.page.comparison.gamma.setValue(0.6)
    press(widget, qtbot, "H")
    assert "cut at γ 1.40" in widget.page.region.regions.item(0).text()
    press(widget, qtbot, "K")
    one, two = read_verdicts(small_store)
    assert one.regions == two.regions
    assert (two.comparison.gamma, two.regions[0].comparison) == (1.4, one.comparison)
    press(widget, qtbot, "Z", CTRL)
    assert session_of(widget).regions.properties[1].comparison == one.comparison


def test_the_painted_share_and_the_number_are_kept(widget: ReviewWidget, qtbot: QtBot, small_store: Path) -> None:
    session = session_of(widget)
    labels = session.regions.labels.copy()
    own = int((labels == 1).sum())
    rows, columns = np.nonzero(labels == 0)
    labels[rows[:own], columns[:own]] = 1
    labels[rows[-20:], columns[-20:]] = 5
    session.paint(labels)
    press(widget, qtbot, "K")
    first, second = read_verdicts(small_store)[-1].regions
    assert (first.painted_share, second.painted_share) == (0.5, 1.0)
    assert (first.number, second.number) == (1, 5)
    assert second.comparison == session.comparison_made()


def test_an_accepted_region_that_is_edited_is_said_to_be(widget: ReviewWidget, qtbot: QtBot, small_store: Path) -> None:
    heading = widget.page.heading
    press(widget, qtbot, "KHP")
    assert "<b>accepted</b>" in heading.text()
    stroke(widget, qtbot, (0.3, 0.3), (0.5, 0.35))
    assert "edited since accepted" in heading.text()
    press(widget, qtbot, "NH")
    assert "edited since accepted" in heading.text()
    assert len(read_verdicts(small_store)) == 1
    press(widget, qtbot, "Z", CTRL)
    assert "<b>accepted</b>" in heading.text()
    widget.page.region.share.setValue(30)
    assert "edited since accepted" in heading.text()
    recut = session_of(widget).regions.labels.copy()
    press(widget, qtbot, "NH")
    assert "edited since accepted" in heading.text()
    np.testing.assert_array_equal(session_of(widget).regions.labels, recut)
    press(widget, qtbot, "KH")
    assert "<b>accepted</b>" in heading.text()
    np.testing.assert_array_equal(accepted(small_store), recut > 0)


def test_a_note_typed_before_a_click_on_next_is_kept_and_a_deleted_one_stays_away(
    widget: ReviewWidget, qtbot: QtBot
) -> None:
    note, first = widget.page.verdict.note, session_of(widget).specimen.image_id
    note.setText("fins folded")
    widget.page.verdict.command_given.emit("next")
    assert note.text() == ""
    press(widget, qtbot, "H")
    assert (session_of(widget).specimen.image_id, note.text()) == (first, "fins folded")
    press(widget, qtbot, "JH")
    note.setText("")
    press(widget, qtbot, "NH")
    assert note.text() == ""


def test_no_look_alike_ticked_is_said(widget: ReviewWidget, qtbot: QtBot, small_store: Path) -> None:
    panel = widget.page.comparison
    assert not panel.state.isVisible()
    for i in range(panel.references.count()):
        panel.references.item(i).setCheckState(Qt.CheckState.Unchecked)
    assert panel.state.text() == "No look-alike is ticked: this is the map of gradcam alone, whatever γ is."
    press(widget, qtbot, "K")
    (verdict,) = read_verdicts(small_store)
    assert (verdict.comparison.references, verdict.comparison.gamma) == ((), 0)
    press(widget, qtbot, "R", SHIFT)
    assert panel.state.text() == ""
    press(widget, qtbot, "G")
    assert panel.state.text() == "γ is 0: this is the map of gradcam alone."


def test_layers_that_were_moved_are_put_back_with_the_next_specimen(widget: ReviewWidget, qtbot: QtBot) -> None:
    layers = widget.workbench.viewer.layers
    at_rest = {layer.name: layer.extent.world.copy() for layer in layers}
    layers[REGION].affine = np.array([[1, 0, 30], [0, 1, 40], [0, 0, 1]])
    layers[SPECIMEN].translate = (5, 5)
    layers[SPECIMEN].rotate = 20
    press(widget, qtbot, "N")
    for layer in layers:
        np.testing.assert_allclose(layer.extent.world, at_rest[layer.name], atol=1e-6)
