"""What all controls of the review have in common: names for screen readers, and a wheel that changes nothing."""

from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFrame,
    QScrollArea,
    QScrollBar,
    QTabBar,
    QWidget,
)

_CYRILLIC = dict(zip("йцукенгшщзфывапролдячсмить", "qwertyuiopasdfghjklzxcvbnm", strict=True))
_GREEK = dict(zip("ςερτυθιοπασδφγηξκλζχψωβνμ", "wertyuiopasdfghjklzxcvbnm", strict=True))
_LATIN = {ord(sign.upper()): key for layout in (_CYRILLIC, _GREEK) for sign, key in layout.items()}
_WIDTH = 330  # pixels


def scrolled(content: QWidget) -> QScrollArea:
    """A widget that can be scrolled where the screen is smaller than it."""
    area = QScrollArea()
    area.setWidget(content)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    bar = area.verticalScrollBar().sizeHint().width()
    area.setMinimumWidth(min(_WIDTH, content.minimumSizeHint().width()) + bar)
    return area


def shrinkable(box: QComboBox, letters: int = 12) -> None:
    """Let a list be narrower than its longest entry, which is elided."""
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(letters)


def name_controls(names: dict[QWidget, str]) -> None:
    """Give controls the names that a screen reader says; those inside them, such as a slider's number, have it too."""
    for control, name in names.items():
        for part in (control, *control.findChildren(QWidget)):
            if not isinstance(part, QScrollBar):
                part.setAccessibleName(name)


class WheelGuard(QObject):
    """Lets the wheel scroll the panel, and change no slider, list or tab that happens to be under the mouse.

    Parameters
    ----------
    panel : QWidget
    """

    def __init__(self, panel: QWidget) -> None:
        super().__init__(panel)
        for control in panel.findChildren(QWidget):
            guarded = isinstance(control, QAbstractSlider | QAbstractSpinBox | QComboBox | QTabBar)
            if guarded and not isinstance(control, QScrollBar):
                control.installEventFilter(self)

    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802 - Qt's name
        """Pass the wheel on to what lies behind the control."""
        if event.type() == QEvent.Type.Wheel:
            event.ignore()
            return True
        return super().eventFilter(watched, event)


class LatinKeys(QObject):
    """Lets the keys of a Cyrillic or Greek keyboard do what is printed beside their letters in Latin.

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
        if event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease) and event.key() in _LATIN:
            letter = _LATIN[event.key()]
            shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            text = letter.upper() if shifted else letter
            key = Qt.Key(ord(letter.upper()))
            QApplication.sendEvent(watched, QKeyEvent(event.type(), key, event.modifiers(), text))
            return True
        return super().eventFilter(watched, event)
