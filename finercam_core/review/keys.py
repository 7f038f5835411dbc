"""Keys of the review, chosen among those that napari leaves free; the window and the browser both answer to them."""

from typing import NamedTuple


class Key(NamedTuple):
    """A key of the review.

    Attributes
    ----------
    shown : str
        As the sheet of keys shows it; "" for one that another line names with it.
    chord : str
        Modifiers and key, such as "Shift+KeyN" or "Mod+KeyZ": `Mod` is Ctrl, or Cmd on a Mac; the key is the `code` of
        a browser's KeyboardEvent. "" where napari's own key is meant.
    command : str
        What it does, by name.
    text : str
        The same in words.
    """

    shown: str
    chord: str
    command: str
    text: str


GROUPS: tuple[tuple[str, tuple[Key, ...]], ...] = (
    (
        "Verdict",
        (
            Key("K", "KeyK", "accept", "keep: accept the regions, next specimen"),
            Key("J", "KeyJ", "reject", "reject, next specimen"),
            Key("U", "KeyU", "unsure", "unsure, next specimen"),
            Key("Shift+N", "Shift+KeyN", "write_note", "write a note (Enter comes back)"),
            Key("Ctrl+Z", "Mod+KeyZ", "undo", "undo the last stroke or verdict"),
            Key("Ctrl+Shift+Z", "Mod+Shift+KeyZ", "redo", "redo"),
        ),
    ),
    (
        "Queue",
        (
            Key("N", "KeyN", "next", "next specimen"),
            Key("H", "KeyH", "back", "previous specimen"),
            Key("Shift+H", "Shift+KeyH", "find", "find: species, filters, order"),
            Key("Shift+X", "Shift+KeyX", "export", "export the accepted regions"),
        ),
    ),
    (
        "Comparison",
        (
            Key("G", "KeyG", "toggle_gamma", "Grad-CAM (γ = 0) or Finer-CAM"),
            Key("Shift+→ ←", "Shift+ArrowRight", "more_gamma", "γ larger, smaller"),
            Key("", "Shift+ArrowLeft", "less_gamma", ""),
            Key("Shift+R", "Shift+KeyR", "next_reference", "compare with one species after another, then all"),
            Key("Shift+G", "Shift+KeyG", "toggle_difference", "difference: who has more, and where"),
            Key("W", "KeyW", "toggle_heat", "heat map on or off"),
            Key("Shift+W", "Shift+KeyW", "toggle_traits", "the collection's trait mask on or off"),
        ),
    ),
    (
        "Region",
        (
            Key("Shift+↑ ↓", "Shift+ArrowUp", "more_region", "larger, smaller"),
            Key("", "Shift+ArrowDown", "less_region", ""),
            Key("P  E  [  ]", "", "", "paint, erase, brush size (napari's own)"),
            Key("Shift+M", "Shift+KeyM", "new_region", "another region"),
            Key("Shift+D", "Shift+KeyD", "divide", "divide into its separate parts"),
            Key("Shift+F", "Shift+KeyF", "follow", "back to the threshold"),
            Key("Shift+T", "Shift+KeyT", "choose_trait", "choose its trait (Enter comes back)"),
        ),
    ),
    (
        "Everything else",
        (
            Key("Shift+P", "Shift+KeyP", "to_panel", "go to the panel: Tab, arrows, Space; Esc comes back"),
            Key("Q", "KeyQ", "toggle_keys", "this sheet"),
        ),
    ),
)
KEYS = tuple(key for _, keys in GROUPS for key in keys)
