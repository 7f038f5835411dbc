"""The sheet of keys, laid over the window; it takes no focus, so that the keys go on working."""

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from napari_finercam.window.keys import GROUPS

_STYLE = "#finercam-keys { background: rgba(20, 22, 28, 250); border: 1px solid #888; border-radius: 8px; }"


def key_table() -> str:
    """The keys and what they do, as rich text."""
    rows = []
    for heading, keys in GROUPS:
        rows.append(f"<tr><td colspan='2' style='padding-top:8px'><b>{heading}</b></td></tr>")
        rows += [
            f"<tr><td style='padding-right:18px; color:#ffd24d'><b>{key.shown}</b></td><td>{key.text}</td></tr>"
            for key in keys
            if key.shown
        ]
    return f"<table style='color:#f2f2f2; font-size:13px'>{''.join(rows)}</table>"


class KeySheet(QFrame):
    """Overlay in the middle of a window.

    Parameters
    ----------
    window : QWidget
        The window to lie over.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("finercam-keys")
        self.setStyleSheet(_STYLE)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        label = QLabel(key_table())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 12, 20, 14)
        layout.addWidget(label)
        self.hide()

    def toggle(self) -> None:
        """Show or hide the sheet."""
        self.adjustSize()
        window = self.parentWidget()
        if window is not None:
            x, y = (window.width() - self.width()) // 2, (window.height() - self.height()) // 2
            self.move(x, max(0, y))
        self.setVisible(not self.isVisible())
        self.raise_()
