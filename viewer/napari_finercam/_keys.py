"""Keys of the review, chosen among those that napari leaves free."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import napari

    from napari_finercam._widget import ReviewWidget

KEYS = {
    "K": ("accept", "Keep: accept the region, next specimen"),
    "J": ("reject", "Reject, next specimen"),
    "U": ("unsure", "Unsure, next specimen"),
    "N": ("next", "Next specimen"),
    "H": ("back", "Back to the specimen before"),
    "G": ("toggle_gamma", "Grad-CAM or Finer-CAM (γ = 0 or the slider's)"),
    "W": ("toggle_heat", "Heat map on or off"),
    "Q": ("toggle_keys", "This sheet of keys"),
}


def key_sheet() -> str:
    """The keys and what they do, a line each."""
    return "\n".join(f"{key}   {text}" for key, (_, text) in KEYS.items())


def bind_keys(viewer: "napari.Viewer", widget: "ReviewWidget") -> None:
    """Let the viewer's keys act on a review widget."""
    for key, (action, _) in KEYS.items():
        viewer.bind_key(key, _press(widget, action), overwrite=True)


def _press(widget: "ReviewWidget", action: str):  # type: ignore[no-untyped-def]
    def press(_viewer: object) -> None:
        getattr(widget, action)()

    return press
