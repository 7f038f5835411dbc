"""Keys of the review, chosen among those that napari leaves free, and the sheet that lists them."""

from collections.abc import Callable
from typing import Any, NamedTuple

from app_model.types import KeyBinding, KeyCode, KeyMod
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

_STYLE = "#finercam-keys { background: rgba(20, 22, 28, 250); border: 1px solid #888; border-radius: 8px; }"


class Key(NamedTuple):
    """A key: as it is shown, as napari knows it, the method of `Commands`, and what it does."""

    shown: str
    binding: int
    command: str
    text: str


_SHIFT, _CTRL = KeyMod.Shift, KeyMod.CtrlCmd
GROUPS: tuple[tuple[str, tuple[Key, ...]], ...] = (
    (
        "Verdict",
        (
            Key("K", KeyCode.KeyK, "accept", "keep: accept the regions, next specimen"),
            Key("J", KeyCode.KeyJ, "reject", "reject, next specimen"),
            Key("U", KeyCode.KeyU, "unsure", "unsure, next specimen"),
            Key("Shift+N", _SHIFT | KeyCode.KeyN, "write_note", "write a note (Enter comes back)"),
            Key("Ctrl+Z", _CTRL | KeyCode.KeyZ, "undo", "undo the last stroke or verdict"),
            Key("Ctrl+Shift+Z", _CTRL | _SHIFT | KeyCode.KeyZ, "redo", "redo"),
        ),
    ),
    (
        "Queue",
        (
            Key("N", KeyCode.KeyN, "next", "next specimen"),
            Key("H", KeyCode.KeyH, "back", "previous specimen"),
            Key("Shift+H", _SHIFT | KeyCode.KeyH, "find", "find: species, filters, order"),
            Key("Shift+X", _SHIFT | KeyCode.KeyX, "export", "export the accepted regions"),
        ),
    ),
    (
        "Comparison",
        (
            Key("G", KeyCode.KeyG, "toggle_gamma", "Grad-CAM (γ = 0) or Finer-CAM"),
            Key("Shift+→ ←", _SHIFT | KeyCode.RightArrow, "more_gamma", "γ larger, smaller"),
            Key("", _SHIFT | KeyCode.LeftArrow, "less_gamma", ""),
            Key("Shift+R", _SHIFT | KeyCode.KeyR, "next_reference", "compare with one species after another, then all"),
            Key("Shift+G", _SHIFT | KeyCode.KeyG, "toggle_difference", "difference: who has more, and where"),
            Key("W", KeyCode.KeyW, "toggle_heat", "heat map on or off"),
            Key("Shift+W", _SHIFT | KeyCode.KeyW, "toggle_traits", "the collection's trait mask on or off"),
        ),
    ),
    (
        "Region",
        (
            Key("Shift+↑ ↓", _SHIFT | KeyCode.UpArrow, "more_region", "larger, smaller"),
            Key("", _SHIFT | KeyCode.DownArrow, "less_region", ""),
            Key("P  E  [  ]", 0, "", "paint, erase, brush size (napari's own)"),
            Key("Shift+M", _SHIFT | KeyCode.KeyM, "new_region", "another region"),
            Key("Shift+D", _SHIFT | KeyCode.KeyD, "divide", "divide into its separate parts"),
            Key("Shift+F", _SHIFT | KeyCode.KeyF, "follow", "back to the threshold"),
            Key("Shift+T", _SHIFT | KeyCode.KeyT, "choose_trait", "choose its trait (Enter comes back)"),
        ),
    ),
    (
        "Everything else",
        (
            Key("Shift+P", _SHIFT | KeyCode.KeyP, "to_panel", "go to the panel: Tab, arrows, Space; Esc comes back"),
            Key("Q", KeyCode.KeyQ, "toggle_keys", "this sheet"),
        ),
    ),
)
KEYS = tuple(key for _, keys in GROUPS for key in keys)


def bind_keys(target: Any, run: Callable[[str], None]) -> None:
    """Let the keys of a viewer or a layer run commands, by their names."""
    for key in KEYS:
        if key.command:
            target.bind_key(KeyBinding.from_int(key.binding), _handler(run, key.command), overwrite=True)


def unbind_keys(target: Any) -> None:
    """Take the keys away again, so that nothing answers to them after the review has ended."""
    for key in KEYS:
        if key.command:
            target.keymap.pop(KeyBinding.from_int(key.binding), None)


def _handler(run: Callable[[str], None], command: str) -> Callable[[object], None]:
    def press(_target: object) -> None:
        run(command)

    return press


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
    """The keys, laid over the middle of a window; it takes no focus, so that they go on working.

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
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 12, 20, 14)
        layout.addWidget(QLabel(key_table()))
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
