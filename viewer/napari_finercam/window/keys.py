"""The keys of the review in napari, and the sheet that lists them."""

from collections.abc import Callable
from typing import Any

from app_model.types import KeyBinding, KeyCode, KeyMod
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from finercam_core.review.keys import GROUPS as COMMON_GROUPS
from finercam_core.review.keys import Key

_SIZES = range(13, 7, -1)  # of letters, in pixels
_STYLE = "#finercam-keys { background: rgba(20, 22, 28, 250); border: 1px solid #888; border-radius: 8px; }"


_ONLY_HERE: dict[str, tuple[Key, ...]] = {
    "Verdict": (
        Key("Shift+U", "Shift+KeyU", "retract", "take your verdict back"),
        Key("Shift+I", "Shift+KeyI", "show_history", "history: who said what, and when"),
    ),
    "Queue": (
        Key("Shift+J", "Shift+KeyJ", "jump", "jump to a specimen by part of its id or name"),
        Key("Shift+B", "Shift+KeyB", "show_grid", "grid: many of this species, judged at once"),
    ),
    "Comparison": (Key("Shift+C", "Shift+KeyC", "show_beside", "another specimen side by side, or none"),),
    "Region": (
        Key("Shift+S", "Shift+KeyS", "snap", "snap to the edges of the specimen"),
        Key("Shift+O", "Shift+KeyO", "take_layer", "take what another plugin drew in its layer"),
    ),
}
"""Keys of the window that a browser does not have, by the group that they come after."""
GROUPS = tuple((heading, (*keys, *_ONLY_HERE.get(heading, ()))) for heading, keys in COMMON_GROUPS)
KEYS = tuple(key for _, keys in GROUPS for key in keys)

_MODIFIERS = {"Shift": KeyMod.Shift, "Mod": KeyMod.CtrlCmd}
_ARROWS = {"ArrowLeft": "LeftArrow", "ArrowRight": "RightArrow", "ArrowUp": "UpArrow", "ArrowDown": "DownArrow"}


def binding(chord: str) -> KeyBinding:
    """A key as napari knows it."""
    *modifiers, code = chord.split("+")
    number = int(KeyCode[_ARROWS.get(code, code)])
    for name in modifiers:
        number |= _MODIFIERS[name]
    return KeyBinding.from_int(number)


def bind_keys(target: Any, run: Callable[[str], None]) -> None:
    """Let the keys of a viewer or a layer run commands, by their names."""
    for key in KEYS:
        if key.command:
            target.bind_key(binding(key.chord), _handler(run, key.command), overwrite=True)


def unbind_keys(target: Any) -> None:
    """Take the keys away again, so that nothing answers to them after the review has ended."""
    for key in KEYS:
        if key.command:
            target.keymap.pop(binding(key.chord), None)


def _handler(run: Callable[[str], None], command: str) -> Callable[[object], None]:
    def press(_target: object) -> None:
        run(command)

    return press


def key_table(size: int) -> str:
    """The keys and what they do, as rich text in letters of a size in pixels."""
    columns = (_rows(GROUPS[:2]) + _rows(GROUPS[4:]), _rows(GROUPS[2:4]))
    cells = "".join(f"<td style='padding-right:28px'><table>{rows}</table></td>" for rows in columns)
    return f"<table style='color:#f2f2f2; font-size:{size}px'><tr>{cells}</tr></table>"


def _rows(groups: tuple[tuple[str, tuple[Key, ...]], ...]) -> str:
    rows = []
    for heading, keys in groups:
        rows.append(f"<tr><td colspan='2' style='padding-top:8px'><b>{heading}</b></td></tr>")
        rows += [
            f"<tr><td style='padding-right:14px; color:#ffd24d'><b>{key.shown}</b></td><td>{key.text}</td></tr>"
            for key in keys
            if key.shown
        ]
    return "".join(rows)


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
        self._table = QLabel()
        layout.addWidget(self._table)
        self.hide()

    def toggle(self) -> None:
        """Show or hide the sheet."""
        window = self.parentWidget()
        if window is not None:
            self._fit(window)
        self.setVisible(not self.isVisible())
        self.raise_()

    def _fit(self, window: QWidget) -> None:
        """Take the largest letters with which the whole sheet lies in the window."""
        for size in _SIZES:
            self._table.setText(key_table(size))
            self.adjustSize()
            if self.width() <= window.width() and self.height() <= window.height():
                break
        self.move(max(0, (window.width() - self.width()) // 2), max(0, (window.height() - self.height()) // 2))
