"""What all controls of the review have in common: names for screen readers, decimals, a wheel that changes nothing."""

from typing import Any

from qtpy.QtCore import QEvent, QLocale, QObject
from qtpy.QtGui import QDoubleValidator
from qtpy.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QFrame,
    QLineEdit,
    QScrollArea,
    QScrollBar,
    QTabBar,
    QWidget,
)

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


class DecimalValidator(QDoubleValidator):
    """A decimal number with a comma or a point, whatever the language of the machine: "0,6" and "0.6" are both 0.6.

    A field of Qt reads "0.6" as 6 where the point separates thousands; here nothing separates them.
    """

    def __init__(self, field: QLineEdit) -> None:
        super().__init__(field)
        locale = QLocale.c()
        locale.setNumberOptions(QLocale.NumberOption.RejectGroupSeparator)
        self.setLocale(locale)
        self.setNotation(QDoubleValidator.Notation.StandardNotation)

    def validate(self, text: str, position: int) -> Any:
        """Write the point in place of a comma."""
        return super().validate(text.replace(",", ".").replace("٫", "."), position)


def decimal_fields(*sliders: QWidget) -> None:
    """Let the fields beside sliders take decimal numbers as people of any country write them."""
    for slider in sliders:
        for field in slider.findChildren(QLineEdit):
            field.setValidator(DecimalValidator(field))
