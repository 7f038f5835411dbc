"""Make the pictures of the docs: `xvfb-run … python docs/make_screenshots.py docs/images [demo]`.

The review is photographed on the plugin's sample; the picture of maps comes from a whole demo, if one is given.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import napari
import numpy as np
from napari_finercam.formats.sample import make_sample
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.panels.grid import GridDialog
from napari_finercam.window.panels.history import HistoryDialog
from napari_finercam.window.widget import ReviewWidget
from qtpy.QtCore import QSettings, QSize, QTimer
from qtpy.QtWidgets import QApplication

SPECIES = "Coralodon ocellatus"
BOTH_SIDES = "demo_coralodon_rotundus_20001"
SIZE = (1400, 860)


def main(images: Path, demo: Path | None) -> None:
    """Photograph the main states of the review."""
    with tempfile.TemporaryDirectory() as folder:
        QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, folder)
        QSettings("finercam", "finercam").setValue("review/tour_done", True)
        store = make_sample(Path(folder) / "sample")
        viewer = napari.Viewer(title="finercam: maps.zarr")
        widget = ReviewWidget(viewer)
        viewer.window.add_dock_widget(widget, name="Review", area="right")
        viewer.window._qt_window.resize(QSize(*SIZE))
        save(viewer, images / "review-start.png")
        colleague(store)
        widget.workbench.open(ReviewSession(store, "A. Ichthyologist"))
        states(viewer, widget, images)
        widget.workbench.close_session()
        viewer.close()
    if demo is not None:
        shutil.copy(demo / "report" / "maps-Lumichthys.png", images / "maps.png")


def colleague(store: Path) -> None:
    """Another reviewer, who has judged a few specimens before."""
    session = ReviewSession(store, "B. Curator")
    session.threshold.share = 0.07
    session.recut()
    for decision in ("accept", "accept", "reject", "accept", "unsure", "accept", "accept", "reject"):
        session.decide(decision)
        session.navigation.move(1)
    session.close()


def states(viewer: napari.Viewer, widget: ReviewWidget, images: Path) -> None:
    """One picture after the other, as a reviewer would come to them."""
    acts, session = widget.commands, widget.workbench.session
    for act in (acts.accept, acts.accept, acts.reject, acts.reject, acts.unsure, acts.accept):
        act()
    ids = session.store.rows.index[session.store.rows["scientificName"] == SPECIES]
    session.navigation.go_to(str(ids[1]))
    widget.workbench.show_specimen()
    save(viewer, images / "review.png")
    acts.toggle_keys()
    save(viewer, images / "review-keys.png")
    acts.toggle_keys()
    session.navigation.go_to(BOTH_SIDES)
    widget.workbench.show_specimen()
    acts.toggle_difference()
    acts.next_reference()
    save(viewer, images / "review-difference.png")
    acts.toggle_difference()
    session.navigation.go_to(str(ids[1]))
    widget.workbench.show_specimen()
    regions(viewer, widget, images)
    many(viewer, widget, images)
    widget.page.tabs.setCurrentIndex(1)
    widget.page.queue.only.setCurrentText("disagreement")
    widget.page.queue.apply()
    save(viewer, images / "review-queue.png")
    moved(viewer, widget, images)


def regions(viewer: napari.Viewer, widget: ReviewWidget, images: Path) -> None:
    """Two regions with their traits, over the collection's own mask."""
    session = widget.workbench.session
    widget.page.region.smoothing.setValue(4)
    widget.commands.new_region()
    labels = np.array(session.regions.labels)
    fin = session.specimen.traits == 7
    labels[fin & (labels == 0)] = 2
    session.paint(labels)
    traits = {trait.name: trait for trait in session.traits}
    session.edit(lambda found: found.assign(2, traits["Caudal fin"]))
    widget.workbench.show_specimen()
    widget.page.region.choose(2)
    widget.commands.toggle_traits()
    widget.commands.toggle_heat()
    save(viewer, images / "review-regions.png")
    widget.commands.toggle_traits()
    widget.commands.toggle_heat()


def many(viewer: napari.Viewer, widget: ReviewWidget, images: Path) -> None:
    """The grid with three specimens chosen, the history of one, and two side by side."""

    def chosen(dialog: GridDialog) -> None:
        for row in (0, 2, 3):
            dialog.list.item(row).setSelected(True)

    session = widget.workbench.session
    photograph_dialog(GridDialog, images / "review-grid.png", chosen)
    widget.commands.show_grid()
    first = session.specimen.image_id
    session.navigation.go_to(str(session.store.rows.index[0]))
    widget.workbench.show_specimen()
    photograph_dialog(HistoryDialog, images / "review-history.png")
    widget.commands.show_history()
    session.navigation.go_to(first)
    widget.workbench.show_specimen()
    other = session.queue.of_species(widget.page.comparison.picked_reference())[0]
    widget.commands.beside.show(other)
    save(viewer, images / "review-beside.png")
    widget.commands.beside.end()


def photograph_dialog(kind: type, path: Path, act: Callable[[Any], None] = lambda _dialog: None) -> None:
    """Photograph the next dialog of a kind once it has drawn everything, and leave it."""

    def look() -> None:
        dialogs = [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()]
        if not dialogs:
            QTimer.singleShot(100, look)
            return
        act(dialogs[0])
        wait(2.0)
        dialogs[0].grab().save(str(path))
        dialogs[0].reject()

    QTimer.singleShot(100, look)


def wait(seconds: float) -> None:
    """Let the window draw for a while."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        QApplication.processEvents()


def moved(viewer: napari.Viewer, widget: ReviewWidget, images: Path) -> None:
    """What is shown when the photographs are not where they were."""
    store = Path(widget.workbench.session.store.location)
    shutil.move(store.parent / "Images", store.parent / "elsewhere")
    widget.page.tabs.setCurrentIndex(0)
    widget.workbench.open(ReviewSession(store, "A. Ichthyologist"))
    save(viewer, images / "review-moved.png")


def save(viewer: napari.Viewer, path: Path) -> None:
    """Photograph the whole window once it has drawn everything."""
    for _ in range(25):
        QApplication.processEvents()
        viewer.window._qt_window.repaint()
    viewer.reset_view()
    wait(1.0)  # the strip of look-alikes is drawn in a thread
    viewer.screenshot(str(path), canvas_only=False, flash=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
