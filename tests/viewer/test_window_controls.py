"""In a real window: the wheel, names for screen readers in every dialog, and filters that are shown as they are."""

from pathlib import Path

import pytest
from napari_finercam.window.panels.export import ExportDialog
from napari_finercam.window.panels.grid import GridDialog
from napari_finercam.window.panels.history import HistoryDialog
from napari_finercam.window.panels.picker import SpecimenPicker
from napari_finercam.window.panels.start import StartPage
from napari_finercam.window.widget import ReviewWidget
from napari_window import press, session_of
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QComboBox, QLineEdit, QWidget

from finercam_core.review import latest, read_verdicts

pytestmark = pytest.mark.gui
NONE, CTRL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


@pytest.mark.parametrize("held", [NONE, CTRL, SHIFT], ids=["alone", "with Ctrl", "with Shift"])
@pytest.mark.parametrize("turn", [QPoint(0, 120), QPoint(-120, 0)], ids=["up", "sideways"])
def test_the_wheel_over_the_control_that_has_the_keys_changes_nothing(
    widget: ReviewWidget, qtbot: QtBot, held: Qt.KeyboardModifier, turn: QPoint
) -> None:
    comparison, region = widget.page.comparison, widget.page.region
    gamma, map_before = comparison.gamma, session_of(widget).comparison_made()
    before = (comparison.weighting.currentIndex(), region.share.value(), region.trait.currentIndex())
    for control in (gamma, comparison.weighting, region.share, region.trait):
        control.setFocus()
        for part in (control, *control.findChildren(QWidget)):
            middle = QPointF(part.width() / 2, part.height() / 2)
            event = QWheelEvent(
                middle, QPointF(part.mapToGlobal(middle)), turn, turn, Qt.MouseButton.NoButton, held,
                Qt.ScrollPhase.NoScrollPhase, False,
            )  # fmt: skip
            QApplication.sendEvent(part, event)
    assert session_of(widget).comparison_made() == map_before
    assert (comparison.weighting.currentIndex(), region.share.value(), region.trait.currentIndex()) == before


def unnamed(shown: QWidget) -> list[str]:
    """Kinds of controls of a widget that a screen reader would have no word for."""
    found = []
    for control in shown.findChildren(QWidget):
        kinds = QAbstractButton | QAbstractItemView | QComboBox | QLineEdit
        if not isinstance(control, kinds) or control.testAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide):
            continue
        if control.focusPolicy() & Qt.FocusPolicy.TabFocus and not isinstance(control.parentWidget(), QComboBox):
            text = control.text() if isinstance(control, QAbstractButton) else ""
            if not (control.accessibleName() or text):
                found.append(f"{type(control).__name__} {control.objectName()}")
    return found


@pytest.mark.parametrize("kind", ["start", "export", "history", "picker", "grid"])
def test_every_dialog_has_names_for_a_screen_reader(
    widget: ReviewWidget, qtbot: QtBot, small_store: Path, kind: str
) -> None:
    press(widget, qtbot, "KH")
    session, page = session_of(widget), widget.page
    made = {
        "start": StartPage,
        "export": lambda: ExportDialog(page, "A. Tester", small_store.parent / "masks"),
        "history": lambda: HistoryDialog(page, "Aus_bus-000", read_verdicts(small_store), blind=False),
        "picker": lambda: SpecimenPicker(page, "Jump to a specimen", lambda _text: [("Aus_bus-000", "Aus_bus-000")]),
        "grid": lambda: GridDialog(page, session.store),
    }[kind]()
    qtbot.addWidget(made)
    assert unnamed(made) == []
    if kind == "grid":
        made.done(0)  # type: ignore[attr-defined]


@pytest.mark.parametrize("way", ["unsure only", "a trait", "a taxon and a text"])
def test_whatever_fits_nothing_is_shown_as_not_applied(
    widget: ReviewWidget, qtbot: QtBot, small_store: Path, way: str
) -> None:
    queue = widget.page.queue
    before = (queue.only.currentText(), queue.trait.currentText(), queue.text.text(), queue.taxon.currentText())
    press(widget, qtbot, "H", SHIFT)
    if way == "unsure only":
        queue.only.setCurrentText("unsure")
        queue.only.activated.emit(queue.only.currentIndex())
    elif way == "a trait":
        queue.trait.setCurrentIndex(1)
        queue.trait.activated.emit(1)
    else:
        queue.taxon.setCurrentIndex(1)
        queue.text.setText("no such thing")
        qtbot.keyClick(queue.text, Qt.Key.Key_Enter)
    assert "No specimen fits" in widget.page.message.text()
    assert (queue.only.currentText(), queue.trait.currentText(), queue.text.text(), queue.taxon.currentText()) == before
    press(widget, qtbot, "J")
    assert [verdict.decision for verdict in read_verdicts(small_store)] == ["reject"]


@pytest.mark.parametrize("applied", [True, False], ids=["applied", "only typed"])
def test_undo_and_redo_show_the_filter_that_holds(
    widget: ReviewWidget, qtbot: QtBot, small_store: Path, applied: bool
) -> None:
    queue, session = widget.page.queue, session_of(widget)
    press(widget, qtbot, "K")
    queue.text.setText("plain goby")
    if applied:
        queue.apply()
    for keys, count in (((CTRL,), 0), ((CTRL, SHIFT), 1)):
        press(widget, qtbot, "Z", *keys)
        assert len(latest(read_verdicts(small_store))) == count
        assert queue.text.text() == session.queue.selection.text
        assert session.specimen.image_id in session.queue.ids
