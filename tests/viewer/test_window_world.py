"""Numbers and keys as people of other countries have them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from napari_finercam.formats.layer_style import REGION
from napari_finercam.window import keyboards
from napari_finercam.window.panels.picker import SpecimenPicker
from napari_finercam.window.widget import ReviewWidget
from napari_window import canvas, press, session_of
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QEvent, QLocale, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QApplication, QLineEdit

from finercam_core.review import read_verdicts

pytestmark = pytest.mark.gui
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture(params=["de_DE", "tr_TR", "fr_FR", "en_US"])
def country(request: pytest.FixtureRequest) -> Iterator[str]:
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield request.param
    QLocale.setDefault(before)


def type_into(qtbot: QtBot, slider, text: str) -> None:  # type: ignore[no-untyped-def]
    field = slider.findChild(QLineEdit)
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Enter)


@pytest.mark.parametrize("text", ["0,6", "0.6", ",6", "0,60"])
def test_a_comma_and_a_point_are_both_decimal(widget: ReviewWidget, qtbot: QtBot, country: str, text: str) -> None:
    gamma = widget.page.comparison.gamma
    gamma.setValue(1.5)
    type_into(qtbot, gamma, text)
    assert session_of(widget).gamma == pytest.approx(0.6), country
    assert gamma.findChild(QLineEdit).text() == "0.60"


def test_what_is_no_number_and_what_is_too_large_change_nothing_silently(widget: ReviewWidget, qtbot: QtBot) -> None:
    gamma, share = widget.page.comparison.gamma, widget.page.region.share
    gamma.setValue(0.6)
    type_into(qtbot, gamma, "1.234,5")  # thousands are not separated here
    assert gamma.value() <= 2
    type_into(qtbot, share, "7,5")
    assert session_of(widget).threshold.share == pytest.approx(0.075)
    type_into(qtbot, gamma, "abc")
    assert gamma.value() <= 2


def send(widget: ReviewWidget, key: int, text: str, scan: int = 0, held: Qt.KeyboardModifier = NONE) -> None:
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        QApplication.sendEvent(canvas(widget), QKeyEvent(kind, key, held, scan, 0, 0, text))  # type: ignore[call-overload]


def test_the_row_of_digits_of_a_french_keyboard(widget: ReviewWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyboards.QGuiApplication, "platformName", staticmethod(lambda: "xcb"))
    layer = widget.workbench.viewer.layers[REGION]
    for text, scan, mode in (('"', 12, "polygon"), ("&", 10, "erase"), ("é", 11, "paint"), ("(", 14, "pick")):
        send(widget, ord(text.upper()), text, scan)
        assert layer.mode == mode
    layer.mode = "pan_zoom"
    send(widget, ord("'"), "'", 48)  # the key right of ; on an American one
    assert layer.mode == "pan_zoom"
    send(widget, ord("3"), "3", 12, SHIFT)  # with Shift a French keyboard writes the digit itself


@pytest.mark.parametrize(("letters", "count"), [("лог", 3), ("Лог".upper(), 0), ("KJU".lower(), 3)])
def test_letters_of_other_alphabets_judge(
    widget: ReviewWidget, small_store: Path, letters: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SpecimenPicker, "exec", lambda _picker: False)  # Shift+J asks for a specimen
    held = NONE if letters.islower() else SHIFT
    for letter in letters:
        send(widget, ord(letter.upper()), letter, held=held)
    assert len(read_verdicts(small_store)) == count


def test_the_brush_by_the_brackets_of_a_russian_keyboard(widget: ReviewWidget) -> None:
    layer = widget.workbench.viewer.layers[REGION]
    layer.brush_size = 10
    send(widget, ord("Ъ"), "ъ")
    assert layer.brush_size > 10
    send(widget, ord("Х"), "х")
    assert layer.brush_size == 10


def test_the_turkish_capital_i_is_no_key_of_the_review(widget: ReviewWidget, qtbot: QtBot, small_store: Path) -> None:
    send(widget, ord("İ"), "i")
    assert read_verdicts(small_store) == []
    press(widget, qtbot, "K")
    assert len(read_verdicts(small_store)) == 1
