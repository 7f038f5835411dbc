"""Parts of napari's window, found by Qt's own means: what a plugin gets of napari hides them."""

from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QMainWindow, QWidget


def main_window(widget: QWidget) -> QMainWindow | None:
    """The main window that a widget is docked in, also while its dock floats; None while it is in none."""
    at: QWidget | None = widget
    while at is not None and not isinstance(at, QMainWindow):
        at = at.parentWidget()
    return at


def canvas_beside(widget: QWidget) -> QWidget | None:
    """The picture in the middle of the main window that a widget is docked in; None while there is none."""
    window = main_window(widget)
    middle = None if window is None else window.centralWidget()
    return None if middle is None else middle.findChild(QOpenGLWidget)
