"""Any screen and any hand: small windows, the wheel, other keyboards, screen readers, names with markup."""

from pathlib import Path

import numpy as np
import pytest
from napari_finercam.formats.layer_style import REGION
from napari_finercam.session import captions
from napari_finercam.session.listing.search import folded
from napari_finercam.session.regions import Threshold
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.panels.tour import Tour
from napari_finercam.window.widget import ReviewWidget
from napari_window import canvas, press, session_of
from PIL import Image
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QPoint, QPointF, QSize, Qt
from qtpy.QtGui import QKeyEvent, QWheelEvent
from qtpy.QtWidgets import QAbstractButton, QApplication, QComboBox, QDockWidget, QLabel, QScrollArea, QWidget

from finercam_core.review import read_verdicts

pytestmark = pytest.mark.gui
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def reachable(widget: ReviewWidget, control: QWidget) -> bool:
    """Whether a control lies inside the window, once the area that scrolls has been scrolled to it."""
    area = control.parentWidget()
    while area is not None and not isinstance(area, QScrollArea):
        area = area.parentWidget()
    if isinstance(area, QScrollArea):
        area.ensureWidgetVisible(control)
        view = area.viewport()
        QApplication.processEvents()
        place = control.mapTo(view, QPoint(0, 0))
        if not (place.x() >= 0 and place.x() + min(control.width(), 60) <= view.width()):
            return False
        control = view
    window = widget.window()
    corner = control.mapTo(window, QPoint(control.width(), control.height()))
    return corner.x() <= window.width() and corner.y() <= window.height()


@pytest.mark.parametrize(
    "size", [(1366, 700), (1280, 652)]
)  # 1366 × 768, and 1920 × 1080 at 150 %, less the desktop's bars
def test_every_control_can_be_reached_on_a_small_screen(
    widget: ReviewWidget, qtbot: QtBot, size: tuple[int, int]
) -> None:
    window = widget.window()
    before = window.size()
    window.showNormal()
    window.resize(QSize(*size))
    for _ in range(10):
        qtbot.wait(10)
        QApplication.processEvents()
    docks = {dock.name: dock.minimumSizeHint().height() for dock in window.findChildren(QDockWidget)}
    assert window.height() <= size[1], docks
    assert window.width() <= size[0], {d.name: d.minimumSizeHint().width() for d in window.findChildren(QDockWidget)}
    assert canvas(widget).width() > 250
    for tab in (0, 1):
        widget.page.tabs.setCurrentIndex(tab)
        QApplication.processEvents()
        controls = [*widget.page.findChildren(QAbstractButton), *widget.page.findChildren(QComboBox)]
        shown = [
            control for control in controls if control.isVisible() and control.objectName() != "qt_spinbox_lineedit"
        ]
        assert len(shown) > 10
        hidden = [control for control in shown if not reachable(widget, control)]
        assert not hidden, [(type(control).__name__, getattr(control, "text", str)()) for control in hidden]
    window.resize(before)
    qtbot.wait(20)


def test_the_wheel_changes_no_value(widget: ReviewWidget, qtbot: QtBot) -> None:
    comparison, region, queue = widget.page.comparison, widget.page.region, widget.page.queue

    def values() -> list[object]:
        lists = (comparison.weighting, comparison.method, region.kind, region.trait, *queue.boxes)
        sliders = (comparison.gamma, region.share, region.smoothing)
        return [
            *(box.currentIndex() for box in lists),
            *(slider.value() for slider in sliders),
            widget.page.tabs.currentIndex(),
        ]

    before = values()
    for control in widget.page.findChildren(QWidget):
        middle = QPointF(control.width() / 2, control.height() / 2)
        for turn in (120, -120):
            event = QWheelEvent(
                middle, QPointF(control.mapToGlobal(middle)), QPoint(0, turn), QPoint(0, turn),
                Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
            )  # fmt: skip
            QApplication.sendEvent(control, event)
    assert values() == before


def test_every_control_has_a_name_for_a_screen_reader(widget: ReviewWidget) -> None:
    for control in widget.page.findChildren(QWidget):
        if control.focusPolicy() & Qt.FocusPolicy.TabFocus and not isinstance(control, QScrollArea):
            text = control.text() if isinstance(control, QAbstractButton) else ""
            assert control.accessibleName() or text, type(control).__name__


@pytest.mark.parametrize("letters", ["лог", "ΚΞΘ".lower()])
def test_the_keys_work_on_a_keyboard_of_other_letters(widget: ReviewWidget, small_store: Path, letters: str) -> None:
    for letter in letters:
        for kind in (QKeyEvent.Type.KeyPress, QKeyEvent.Type.KeyRelease):
            code = ord(letter.upper())
            QApplication.sendEvent(
                canvas(widget),
                QKeyEvent(kind, code, Qt.KeyboardModifier.NoModifier, letter),  # type: ignore[call-overload]
            )
    decisions = [verdict.decision for verdict in read_verdicts(small_store)]
    assert decisions == ["accept", "reject", "unsure"]


def test_a_filter_that_fits_nothing_is_taken_back_and_the_keys_work(
    widget: ReviewWidget, qtbot: QtBot, small_store: Path
) -> None:
    queue = widget.page.queue
    press(widget, qtbot, "H", SHIFT)
    queue.only.setCurrentText("unsure")
    queue.text.setText("nothing like it")
    qtbot.keyClick(queue.text, Qt.Key.Key_Enter)
    assert "No specimen fits" in widget.page.message.text()
    assert (queue.only.currentText(), queue.text.text()) == ("all", "")
    assert widget.window().focusWidget() is canvas(widget)
    press(widget, qtbot, "K")
    assert len(read_verdicts(small_store)) == 1


def test_undo_across_a_filter_shows_the_filter_as_it_is(widget: ReviewWidget, qtbot: QtBot) -> None:
    queue, first = widget.page.queue, session_of(widget).specimen.image_id
    press(widget, qtbot, "K")
    queue.text.setText("plain goby")
    queue.apply()
    press(widget, qtbot, "Z", CTRL)
    assert session_of(widget).specimen.image_id == first
    assert session_of(widget).queue.selection.text == queue.text.text() == ""


def test_disagreement_shows_nothing_before_ones_own_verdict(
    widget: ReviewWidget, qtbot: QtBot, small_store: Path
) -> None:
    for name, decision in (("B", "accept"), ("C", "reject")):
        other = ReviewSession(small_store, name)
        other.decide(decision)  # type: ignore[arg-type]
        other.close()
    widget.commands.refresh()
    widget.page.queue.only.setCurrentText("disagreement")
    widget.page.queue.apply()
    assert "No specimen fits" in widget.page.message.text()
    press(widget, qtbot, "K")
    widget.page.queue.only.setCurrentText("disagreement")
    widget.page.queue.apply()
    assert len(session_of(widget).queue) == 1


def test_names_and_notes_with_markup_are_text(widget: ReviewWidget, qtbot: QtBot, small_store: Path) -> None:
    other = ReviewSession(small_store, "<b>B</b>")
    other.decide("reject", "<img src=x> & more")
    other.close()
    widget.commands.refresh()
    session = session_of(widget)
    session.common_names[session.specimen.species] = "<u>goby</u>"
    press(widget, qtbot, "KH")
    assert "&lt;u&gt;goby&lt;/u&gt;" in widget.page.heading.text()
    assert widget.page.verdict.others.text() == "<b>B</b>: rejected (“<img src=x> & more”)."
    plain = (widget.page.verdict.others, widget.page.message, widget.page.queue.agreement, widget.page.region.overlap)
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in plain)
    automatic = [
        label.text() for label in widget.page.findChildren(QLabel) if label.textFormat() == Qt.TextFormat.AutoText
    ]
    assert all("goby" not in text for text in automatic)


def test_the_brush_follows_the_photograph(
    widget: ReviewWidget, qtbot: QtBot, small_store: Path, tmp_path: Path
) -> None:
    region = widget.workbench.viewer.layers[REGION]
    region.brush_size = 4
    path = tmp_path / "images" / "Aus_bus-001.png"
    with Image.open(path) as picture:
        larger = picture.resize((960, 640))
    larger.save(path)
    session_of(widget).navigation.loader.forget()
    press(widget, qtbot, "N")
    assert region.brush_size == 40
    press(widget, qtbot, "N")
    assert region.brush_size == 4


def test_the_end_of_the_queue_says_what_comes_next(widget: ReviewWidget, qtbot: QtBot) -> None:
    press(widget, qtbot, "H")
    assert "first specimen" in widget.page.message.text()
    press(widget, qtbot, "K" * 14)
    assert "all of it is judged" in widget.page.message.text()
    assert "Shift+X exports" in widget.page.message.text()


def test_a_share_is_explained_in_words_and_the_colours_have_a_legend(widget: ReviewWidget, qtbot: QtBot) -> None:
    assert widget.page.region.meaning.text() == captions.threshold_meaning(Threshold())
    widget.page.region.share.setValue(6)
    widget.page.region.kind.setCurrentIndex(2)
    assert (
        widget.page.region.meaning.text() == "The region is the smallest that holds 6 % of all evidence in the picture."
    )
    legend = widget.page.comparison.legend
    assert (legend.low.text(), legend.high.text()) == ("no evidence", "most evidence")
    press(widget, qtbot, "G", SHIFT)
    assert (legend.low.text(), legend.high.text()) == ("more in the look-alike", "more here")
    press(widget, qtbot, "G", SHIFT)
    assert "caudal fin" in widget.page.region.traits_legend.text.text()


def test_the_tour_has_five_steps_and_does_not_come_back(widget: ReviewWidget, qtbot: QtBot) -> None:
    tour = Tour()
    qtbot.addWidget(tour)
    assert not tour.isHidden()
    assert tour.text.text().startswith("1 of 5: ")
    for _ in range(4):
        tour.next_button.click()
    assert (tour.text.text()[:6], tour.next_button.text()) == ("5 of 5", "Done")
    tour.next_button.click()
    assert tour.isHidden()
    skipped = Tour()
    qtbot.addWidget(skipped)
    assert skipped.isHidden()


def test_search_needs_no_accents_and_no_turkish_dots() -> None:
    assert folded("MÜLLER") == folded("müller") == "muller"
    assert folded("DIŞ İÇ") == folded("dış iç") == "dis ic"
    assert np.unique([folded(text) for text in ("Straße", "STRASSE")]).tolist() == ["strasse"]
