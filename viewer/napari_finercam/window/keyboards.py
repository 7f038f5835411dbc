"""Keyboards of other letters: their keys do what the keys in the same places do on a Latin one."""

from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QGuiApplication, QKeyEvent
from qtpy.QtWidgets import QApplication, QWidget

_CYRILLIC = dict(zip("йцукенгшщзхъфывапролдячсмить", "qwertyuiop[]asdfghjklzxcvbnm", strict=True))
_GREEK = dict(zip("ςερτυθιοπασδφγηξκλζχψωβνμ", "wertyuiopasdfghjklzxcvbnm", strict=True))
_LATIN = {ord(sign.upper()): key for layout in (_CYRILLIC, _GREEK) for sign, key in layout.items()}
_FIRST_DIGIT = {"xcb": 10, "wayland": 10, "offscreen": 10, "windows": 2}
"""Scan code of the key of 1, by Qt's platform."""


def latin_sign(event: Any) -> str:
    """The letter, bracket or digit that a key has on a Latin keyboard, in lower case; "" for one that it has itself.

    The row of digits is told by its place: a French keyboard has other signs on it, and digits with Shift.
    """
    key = int(event.key())
    if key in _LATIN:
        return _LATIN[key]
    first = _FIRST_DIGIT.get(QGuiApplication.platformName(), 0)
    place = event.nativeScanCode() - first + 1
    digit = ord("0") <= key <= ord("9")
    plain = not event.modifiers() & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.AltModifier)
    return str(place) if first and 1 <= place <= 9 and not digit and plain and 32 < key < 256 else ""


def latin_key(event: Any) -> int:
    """The key of an event as Qt numbers it, on a Latin keyboard."""
    sign = latin_sign(event)
    return ord(sign.upper()) if sign else int(event.key())


class LatinKeys(QObject):
    """Lets the keys of a Cyrillic, Greek or French keyboard do what is printed beside their signs in Latin.

    Parameters
    ----------
    canvas : QWidget
        The picture, which has the keys.
    """

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        canvas.installEventFilter(self)

    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802 - Qt's name
        """Send the key of the Latin layout instead."""
        if event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease) and (sign := latin_sign(event)):
            shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            text = sign.upper() if shifted else sign
            key = Qt.Key(ord(sign.upper()))
            QApplication.sendEvent(watched, QKeyEvent(event.type(), key, event.modifiers(), text))
            return True
        return super().eventFilter(watched, event)
