"""Small parts of Qt that several modules here share."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from html import escape

from qtpy.QtCore import Qt, QTimer, Signal  # type: ignore[attr-defined]
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QDockWidget, QLabel, QMainWindow, QWidget

from finercam_core.errors import FinercamError

__all__ = [
    "SessionPanel",
    "Signal",
    "canvas_beside",
    "fit_into_screen",
    "main_window",
    "plain_label",
    "plain_tip",
    "rich_label",
    "sides_to_the_bottom",
    "stop_timer",
]


class SessionPanel(QWidget):
    """A panel whose controls change a session.

    `changed` follows a change, `message` tells what went wrong, and `done` that the picture may have the keys again.
    """

    changed = Signal()
    done = Signal()
    message = Signal(str)

    @contextmanager
    def errors_told(self) -> Iterator[None]:
        """Emit an error of finercam or of the disk as a message instead of raising it into Qt."""
        try:
            yield
        except (FinercamError, OSError) as error:
            self.message.emit(str(error))


def stop_timer(timer: QTimer) -> None:
    """Stop a timer; one that Qt has deleted with its window has stopped."""
    with suppress(RuntimeError):
        timer.stop()


def plain_label() -> QLabel:
    """Label of several lines that shows names and notes as they are, whatever signs are in them."""
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def plain_tip(text: str) -> str:
    """A text for a tool tip, which Qt would take for rich text where it looks like that."""
    return f"<span>{escape(text)}</span>" if "<" in text else text


def rich_label() -> QLabel:
    """Label of several lines in rich text; names in it must be escaped."""
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.RichText)
    return label


def main_window(widget: QWidget) -> QMainWindow | None:
    """The main window that a widget is docked in, even while its dock floats; None if there is none.

    Found by Qt's own means, because the viewer that napari gives to a plugin hides its window.
    """
    ancestor: QWidget | None = widget
    while ancestor is not None and not isinstance(ancestor, QMainWindow):
        ancestor = ancestor.parentWidget()
    return ancestor


def canvas_beside(widget: QWidget) -> QWidget | None:
    """The canvas in the middle of the main window that a widget is docked in; None if there is none."""
    window = main_window(widget)
    centre = None if window is None else window.centralWidget()
    return None if centre is None else centre.findChild(QOpenGLWidget)


def sides_to_the_bottom(widget: QWidget) -> None:
    """Let a dock at the bottom lie below the picture, not below the docks on its sides, which need the height."""
    window = main_window(widget)
    if window is not None:
        window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        window.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)


def height_on_screen(window: QMainWindow) -> int:
    """How high a window can be on its screen, without its frame, in pixels."""
    frame = window.frameGeometry().height() - window.height()
    return window.screen().availableGeometry().height() - frame


def fit_into_screen(widget: QWidget) -> None:
    """Make the main window that a widget is docked in no higher than its screen.

    Where the screen is too low for napari's two docks of layers, one above the other, they become tabs of one place.
    """
    window = main_window(widget)
    if window is None:
        return
    room = height_on_screen(window)
    docks = {dock.objectName(): dock for dock in window.findChildren(QDockWidget)}
    controls, layers = docks.get("layer controls"), docks.get("layer list")
    if window.minimumSizeHint().height() > room and controls is not None and layers is not None:
        window.tabifyDockWidget(controls, layers)
        controls.raise_()
        arrangement = window.layout()
        if arrangement is not None:
            arrangement.activate()  # so that the window knows at once that it may be lower
    if window.height() > room:
        window.resize(window.width(), room)
