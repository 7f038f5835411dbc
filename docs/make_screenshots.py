"""Make the pictures of the docs from a demo: `xvfb-run … python docs/make_screenshots.py demo docs/images`."""

import shutil
import sys
import tempfile
from pathlib import Path

import napari
from napari_finercam import review
from qtpy.QtCore import QSize
from qtpy.QtWidgets import QApplication

SPECIES = "Coralodon ocellatus"


def main(demo: Path, images: Path) -> None:
    """Review a few specimens of a copy of the demo's store and photograph the window."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "maps.zarr"
        shutil.copytree(demo / "maps.zarr", store)
        # The store looks for its photographs beside itself.
        (Path(folder) / "collection").symlink_to((demo / "collection").resolve())
        viewer = review(store, reviewer="A. Ichthyologist", block=False)
        widget = _widget(viewer)
        for _ in range(3):
            widget.accept()
        session = widget.session
        session.position = next(i for i, name in enumerate(session.store.rows["scientificName"]) if name == SPECIES) - 1
        widget.next()
        viewer.window._qt_window.resize(QSize(1280, 800))
        _save(viewer, images / "review.png")
        widget.toggle_keys()
        widget.toggle_gamma()
        _save(viewer, images / "review-keys.png")
        viewer.close()
    shutil.copy(demo / "report" / "maps-Lumichthys.png", images / "maps.png")


def _widget(viewer: napari.Viewer):  # type: ignore[no-untyped-def]
    from napari_finercam._widget import ReviewWidget

    return next(w for w in QApplication.instance().allWidgets() if isinstance(w, ReviewWidget))


def _save(viewer: napari.Viewer, path: Path) -> None:
    for _ in range(20):
        QApplication.processEvents()
    viewer.reset_view()
    for _ in range(5):
        QApplication.processEvents()
    viewer.screenshot(str(path), canvas_only=False, flash=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
