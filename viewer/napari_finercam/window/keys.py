"""Keys of the review, chosen among those that napari leaves free."""

from typing import TYPE_CHECKING, Any, NamedTuple

from app_model.types import KeyBinding, KeyCode, KeyMod

if TYPE_CHECKING:
    from napari_finercam.window.acts import Acts


class Key(NamedTuple):
    """A key: as it is shown, as napari knows it, the method of `Acts`, and what it does."""

    shown: str
    binding: int
    action: str
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
            Key("Ctrl+Shift+Z", _CTRL | _SHIFT | KeyCode.KeyZ, "redo", "do it again"),
        ),
    ),
    (
        "Queue",
        (
            Key("N", KeyCode.KeyN, "next", "next specimen"),
            Key("H", KeyCode.KeyH, "back", "specimen before"),
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
            Key("Shift+R", _SHIFT | KeyCode.KeyR, "next_reference", "against one species after the other, then all"),
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
            Key("Shift+M", _SHIFT | KeyCode.KeyM, "new_region", "one more region"),
            Key("Shift+D", _SHIFT | KeyCode.KeyD, "divide", "divide into its separate parts"),
            Key("Shift+F", _SHIFT | KeyCode.KeyF, "follow", "back to the threshold"),
            Key("Shift+T", _SHIFT | KeyCode.KeyT, "choose_trait", "choose its trait (Enter comes back)"),
        ),
    ),
    (
        "Everything else",
        (
            Key("Shift+P", _SHIFT | KeyCode.KeyP, "to_panel", "to the panel: Tab, arrows, Space; Esc comes back"),
            Key("Q", KeyCode.KeyQ, "toggle_keys", "this sheet"),
        ),
    ),
)
KEYS = tuple(key for _, keys in GROUPS for key in keys)


def bind_keys(target: Any, acts: "Acts") -> None:
    """Let the keys of a viewer or a layer act on a review."""
    for key in KEYS:
        if key.action:
            target.bind_key(KeyBinding.from_int(key.binding), _press(acts, key.action), overwrite=True)


def _press(acts: "Acts", action: str):  # type: ignore[no-untyped-def]
    def press(_target: object) -> None:
        getattr(acts, action)()

    return press
