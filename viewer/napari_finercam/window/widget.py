"""The review widget: panels over a `ReviewSession`, and the acts that keys and buttons ask for."""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QApplication, QStackedLayout, QWidget

from finercam_core.io.workers import no_collections
from napari_finercam.session import words
from napari_finercam.session.companions import Question
from napari_finercam.session.export import Exporter
from napari_finercam.session.methods import methods_beside
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.acts import Acts, told
from napari_finercam.window.keys import bind_keys
from napari_finercam.window.layers import STORE, ReviewLayers
from napari_finercam.window.main_window import canvas_beside, main_window
from napari_finercam.window.page import page_of, rich_label, tabs_of
from napari_finercam.window.panels.companions import BesidePanel
from napari_finercam.window.panels.comparison import ComparisonPanel
from napari_finercam.window.panels.queue import QueuePanel
from napari_finercam.window.panels.region import RegionPanel
from napari_finercam.window.panels.start import GOOD, WARNING, StartPage, remember_reviewer
from napari_finercam.window.panels.verdict import VerdictPanel
from napari_finercam.window.watch import Watch

if TYPE_CHECKING:
    import napari


def warm_up() -> None:
    """Let napari read its units of measure, which its first layer waits half a second for, behind the start page."""
    from napari.layers import Image

    Image(np.zeros((1, 1)))


class ReviewWidget(QWidget):
    """Dock widget of the review; a start page until a store is open.

    Parameters
    ----------
    napari_viewer : napari.Viewer
    """

    def __init__(self, napari_viewer: "napari.Viewer") -> None:
        super().__init__()
        self.viewer = napari_viewer
        self.session: ReviewSession | None = None
        self.layers: ReviewLayers | None = None
        self.beside: BesidePanel | None = None
        self.start = StartPage()
        self.comparison, self.region = ComparisonPanel(), RegionPanel()
        self.queue, self.verdict = QueuePanel(), VerdictPanel()
        self.heading, self.message = rich_label(), rich_label()
        self.message.hide()
        self.acts = Acts(self)
        self.exporter = Exporter()
        self.watch = Watch(self)
        self._lay_out()
        self._connect()
        bind_keys(napari_viewer, self.acts)
        QTimer.singleShot(0, self, warm_up)
        napari_viewer.layers.events.inserted.connect(self._offer_open_store)
        self._offer_open_store()

    def _lay_out(self) -> None:
        self.tabs = tabs_of(self.comparison, self.region, self.queue)
        self.pages = QStackedLayout(self)
        self.pages.addWidget(self.start)
        self.pages.addWidget(page_of(self.heading, self.message, self.tabs, self.verdict))

    def _connect(self) -> None:
        self.start.store_wanted.connect(self.acts.choose_store)
        self.start.sample_wanted.connect(self.acts.open_sample)
        self.start.shown_wanted.connect(self.open_store)
        self.queue.store_wanted.connect(self.acts.choose_store)
        self.queue.images_wanted.connect(self.acts.choose_images)
        self.queue.figures_wanted.connect(self.acts.choose_figures)
        self.queue.export_wanted.connect(self.acts.export)
        self.queue.refresh_wanted.connect(self.acts.refresh)
        self.queue.message.connect(self.say)
        self.queue.selected.connect(self._on_selected)
        self.comparison.changed.connect(self._on_map)
        self.comparison.reference_looked_at.connect(self._ask_beside)
        self.comparison.method_chosen.connect(self._on_method)
        self.region.changed.connect(self._on_region)
        self.region.chosen.connect(self._on_number)
        for panel in (self.comparison, self.region):
            panel.done.connect(self.focus_canvas)
        self.verdict.asked.connect(self._on_asked)
        self.verdict.note_written.connect(self.keep_note)
        self.verdict.note.returnPressed.connect(self.focus_canvas)
        self.tabs.currentChanged.connect(self._on_tab)

    # --- opening

    @property
    def reviewer(self) -> str:
        """Name of the reviewer: as given on the start page, else the login name."""
        return self.start.reviewer.text().strip() or getpass.getuser()

    @told
    def open_store(self, location: str | Path, images: str | Path | None = None) -> None:
        """Open a store for the reviewer of the start page."""
        self.open(ReviewSession(location, self.reviewer, images))

    def open(self, session: ReviewSession) -> None:
        """Show a session's specimen."""
        with no_collections():
            self._open(session)

    def _open(self, session: ReviewSession) -> None:
        self.close_session()
        self.session = session
        remember_reviewer(session.reviewer)
        self.start.reviewer.setText(session.reviewer)
        if self.layers is None:
            self.layers = ReviewLayers(self.viewer, session)
            bind_keys(self.layers.regions, self.acts)
            self.layers.regions.events.paint.connect(self._on_paint)
            self.layers.regions.events.selected_label.connect(self._on_label)
        self.comparison.open(session, methods_beside(session.store))
        self.region.open(session)
        self.queue.open(session)
        self._show_beside()
        self.pages.setCurrentIndex(1)
        self.show_specimen()
        self.viewer.reset_view()
        # The docks take their room when the window is drawn: only then is it known how large the specimen can be.
        QTimer.singleShot(0, self, self.viewer.reset_view)
        session.read_scores()
        self.watch.start()
        self.focus_canvas()

    def _show_beside(self) -> None:
        if self.beside is None:
            self.beside = BesidePanel()
            self.viewer.window.add_dock_widget(self.beside, name="Look-alike", area="bottom")
            # The strip lies below the picture, not below this widget, which needs the height.
            window = main_window(self)
            if window is not None:
                window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        self.beside.asked = None

    def close_session(self) -> None:
        """End the session that is open, if any; everything is on the disk already."""
        self.watch.stop()
        if self.session is not None:
            self.session.close()
            self.session = None

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Pass on to the picture the keys that no field here wanted; Escape brings the keys back to it."""
        if event.key() == Qt.Key.Key_Escape:
            self.focus_canvas()
        elif (canvas := canvas_beside(self)) is not None:
            QApplication.sendEvent(canvas, event)

    def closeEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """End the threads with the window."""
        self.close_session()
        self.exporter.close()
        if self.beside is not None:
            self.beside.close_threads()
        super().closeEvent(event)

    def _offer_open_store(self, _event: object = None) -> None:
        """Let the start page open the store whose photographs and maps are in the viewer already."""
        shown = [layer.metadata.get(STORE) for layer in self.viewer.layers]
        self.start.offer(next((str(location) for location in shown if location), ""))

    def say(self, sentence: str, *, good: bool = False) -> None:
        """Show one sentence on what is wrong, or what went well; "" takes it away."""
        if sentence:  # a style sheet takes milliseconds
            self.message.setStyleSheet(GOOD if good else WARNING)
        self.message.setText(sentence)
        self.message.setVisible(bool(sentence))
        self.start.problem.setText(sentence)
        self.start.problem.setVisible(bool(sentence))

    def focus_canvas(self) -> None:
        """Let the keys go to the picture again."""
        canvas = canvas_beside(self)
        if canvas is not None:
            canvas.setFocus()

    # --- showing

    def show_specimen(self) -> None:
        """Fill every panel with the specimen that is on."""
        session, layers = self.session, self.layers
        if session is None or layers is None:
            return
        layers.show(session)
        self.region.number = layers.regions.selected_label = 1
        self.comparison.show_specimen()
        self.region.show_specimen()
        self.verdict.note.setText(session.note)
        self.say(session.view.problem)
        self.describe()
        self._ask_beside()

    def describe(self) -> None:
        """Say who is on, what others said, and how far the queue is."""
        session = self.session
        if session is None:
            return
        view, counts = session.view, session.counts()
        common = session.common.get(view.species, "")
        sure = words.classified(view.record)
        self.heading.setText(words.heading(view, common, session.decision) + (f"<br>{sure}" if sure else ""))
        said = words.others(session.verdicts.on(view.image_id), session.reviewer)
        self.verdict.others.setText(said)
        self.verdict.others.setVisible(bool(said))
        done = counts["accept"] + counts["reject"] + counts["unsure"]
        self.verdict.show_progress(done, counts["all"], words.progress(counts))

    def _ask_beside(self) -> None:
        session = self.session
        if session is None or self.beside is None:
            return
        reference, settings = self.comparison.looked_at(), session.settings
        asked = (settings.gamma, settings.weighting, settings.signed)
        question = Question(reference, session.view.species, asked) if reference else None
        self.beside.ask(session.store, question, session.common.get(reference, ""))

    # --- what panels and layers tell

    def _on_asked(self, action: str) -> None:
        getattr(self.acts, action)()

    @told
    def _on_map(self) -> None:
        if self.session is not None and self.layers is not None:
            self.layers.show_heat(self.session)
            self._on_region()
            self._ask_beside()

    def _on_region(self) -> None:
        if self.session is not None and self.layers is not None:
            self.layers.show_regions(self.session)
            self.region.say_overlap()

    @told
    def _on_paint(self, _event: object) -> None:
        if self.session is not None and self.layers is not None and self.session.paint(self.layers.painted()):
            self.layers.describe(self.session)
            self.region.show_specimen()

    def _on_label(self, _event: object) -> None:
        if self.layers is not None:
            self.region.choose(int(self.layers.regions.selected_label))

    def _on_number(self, number: int) -> None:
        if self.layers is not None:
            self.layers.regions.selected_label = number

    def _on_selected(self) -> None:
        self.show_specimen()
        self.focus_canvas()

    def _on_method(self, location: str) -> None:
        session = self.session
        if session is None or location == session.store.location:
            return
        image_id = session.view.image_id
        self.open_store(location)
        if self.session is not None and image_id in self.session.store.rows.index and self.session.go_to(image_id):
            self.show_specimen()

    @told
    def keep_note(self, text: str) -> None:
        """Save a note that was written."""
        if self.session is not None and text != self.session.note:
            self.session.note = text
            self.session.save_draft()

    def _on_tab(self, index: int) -> None:
        if index == 1:
            self.queue.show_agreement()
