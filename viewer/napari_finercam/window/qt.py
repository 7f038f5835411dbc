"""Small parts of Qt that several modules here share."""

from qtpy.QtCore import Qt, Signal  # type: ignore[attr-defined]
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QLabel, QMainWindow, QWidget

__all__ = ["Signal", "canvas_beside", "main_window", "rich_label"]


def rich_label() -> QLabel:
    """Label of several lines in rich text."""
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
