"""Key presses and strokes in a real napari window."""

from napari_finercam.session.review import ReviewSession
from napari_finercam.window.widget import ReviewWidget
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QPoint, Qt


def canvas(widget: ReviewWidget):  # type: ignore[no-untyped-def]
    return widget.workbench.viewer.window._qt_viewer.canvas.native


def press(widget: ReviewWidget, qtbot: QtBot, keys: str, *modifiers: Qt.KeyboardModifier) -> None:
    held = Qt.KeyboardModifier.NoModifier
    for modifier in modifiers:
        held |= modifier
    one = hasattr(Qt.Key, f"Key_{keys}")
    for key in [keys] if one else keys.split() if " " in keys else keys:
        qtbot.keyClick(canvas(widget), getattr(Qt.Key, f"Key_{key}"), held)


def stroke(widget: ReviewWidget, qtbot: QtBot, start: tuple[float, float], stop: tuple[float, float]) -> None:
    """Paint with the mouse between two places given in fractions of the canvas."""
    native, left = canvas(widget), Qt.MouseButton.LeftButton
    points = [
        QPoint(round(native.width() * (x0 + (x1 - x0) * t)), round(native.height() * (y0 + (y1 - y0) * t)))
        for t in (0.0, 0.5, 1.0)
        for (x0, y0), (x1, y1) in [(start, stop)]
    ]
    qtbot.mousePress(native, left, pos=points[0])
    for point in points[1:]:
        qtbot.mouseMove(native, point)
        qtbot.wait(10)
    qtbot.mouseRelease(native, left, pos=points[-1])


def session_of(widget: ReviewWidget) -> ReviewSession:
    assert widget.workbench.session is not None
    return widget.workbench.session
