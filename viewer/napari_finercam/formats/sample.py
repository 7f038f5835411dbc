"""napari's File > Open Sample: rendered fish with stored evidence, without torch and without a download."""

from pathlib import Path

from napari_finercam.formats.reader import LayerData, read_store


def sample_store() -> Path:
    """A store of the demo: the whole one if `finercam demo` was run here, else a small one that is made now."""
    from napari_finercam.formats.sample_store import make_sample

    whole = Path("demo") / "maps.zarr"
    return whole.resolve() if whole.is_dir() else make_sample()


def demo() -> list[LayerData]:
    """Layers of the demo's specimens; in a window, with the review widget beside them, which offers to review them."""
    import napari

    viewer = napari.current_viewer()
    layers = read_store(str(sample_store()))
    if viewer is not None and getattr(viewer, "window", None) is not None:
        from qtpy.QtCore import QTimer

        _, widget = viewer.window.add_plugin_dock_widget("finercam", "Review")
        # napari fits the layers into the picture before the dock takes its room.
        QTimer.singleShot(0, widget, viewer.reset_view)
    return layers
