"""The open store in napari's window: its session, layers and panels, kept in step with each other."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer
from qtpy.QtWidgets import QDockWidget, QStackedLayout, QWidget

from finercam_core.errors import FinercamError
from finercam_core.io.workers import no_collections
from napari_finercam.formats.layer_style import STORE_KEY
from napari_finercam.session import captions
from napari_finercam.session.export import Exporter, ExportRequest
from napari_finercam.session.pictures.companions import CompanionQuery
from napari_finercam.session.regions import Labels
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.page import ReviewPage
from napari_finercam.window.panels.companions import CompanionsPanel
from napari_finercam.window.panels.start import StartPage, remember_reviewer
from napari_finercam.window.picture.layers import ReviewLayers
from napari_finercam.window.qt import Signal, canvas_beside, fit_into_screen, sides_to_the_bottom, stop_timer

if TYPE_CHECKING:
    import napari

_POLL = 400  # milliseconds


class Workbench(QObject):
    """What a review consists of on screen: a start page until a store is open, then its panels and layers.

    Parameters
    ----------
    viewer : napari.Viewer
    widget : QWidget
        The dock widget to fill.

    Attributes
    ----------
    session : ReviewSession or None
    layers : ReviewLayers or None
        None until the first store is opened, which `layers_added` tells; `shown` follows a new specimen or map.
    companions : CompanionsPanel or None
        The strip of look-alikes; None until the first store is opened.
    start : StartPage
    page : ReviewPage
    exporter : Exporter
    """

    layers_added, shown = Signal(), Signal()

    def __init__(self, viewer: "napari.Viewer", widget: QWidget) -> None:
        super().__init__(widget)
        self.viewer = viewer
        self.session: ReviewSession | None = None
        self.layers: ReviewLayers | None = None
        self.companions: CompanionsPanel | None = None
        self.start, self.page = StartPage(), ReviewPage()
        self.exporter = Exporter()
        self._pages = QStackedLayout(widget)
        self._pages.addWidget(self.start)
        self._pages.addWidget(self.page)
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL)
        self._timer.timeout.connect(self._poll)

    @contextmanager
    def errors_shown(self) -> Iterator[None]:
        """Show an error of finercam in the widget instead of raising it into Qt."""
        try:
            yield
        except (FinercamError, OSError) as error:
            self.say(str(error))
        else:
            if self.session is not None and self.session.drafts.trouble:
                self.say(self.session.drafts.trouble)

    def say(self, sentence: str, *, good: bool = False) -> None:
        """Show one sentence on what is wrong, or what went well; "" takes it away."""
        self.page.say(sentence, good=good)
        self.start.problem.setText(sentence)
        self.start.problem.setVisible(bool(sentence))

    def focus_canvas(self) -> None:
        """Let the keys go to the picture again."""
        canvas = canvas_beside(self.page)
        if canvas is not None:
            canvas.setFocus()

    @property
    def reviewer(self) -> str:
        """Name of the reviewer: as given on the start page, else the login name."""
        return self.start.reviewer.text().strip() or getpass.getuser()

    def offer_open_store(self, _event: object = None) -> None:
        """Let the start page open the store whose photographs and maps are in the viewer already."""
        locations = [layer.metadata.get(STORE_KEY) for layer in self.viewer.layers]
        self.start.offer(next((str(location) for location in locations if location), ""))

    def open_store(self, location: str | Path, images: str | Path | None = None) -> None:
        """Open a store for the reviewer of the start page."""
        with self.errors_shown():
            if self.session is not None:
                self.session.keep()  # the new session may be about the same specimens
            self.open(ReviewSession(location, self.reviewer, images))

    def switch_store(self, location: str) -> None:
        """Open another store of the same specimens, and show the same one there."""
        if self.session is None or location == self.session.store.location:
            return
        image_id = self.session.specimen.image_id
        self.open_store(location)
        if image_id in self.session.store.rows.index and self.session.navigation.go_to(image_id):
            self.show_specimen()

    def open(self, session: ReviewSession) -> None:
        """Show a session, in place of the one that is open."""
        with no_collections():
            self._open(session)

    def _open(self, session: ReviewSession) -> None:
        self.close_session()
        self.session, session.screen = session, self
        remember_reviewer(session.reviewer)
        self.start.reviewer.setText(session.reviewer)
        if self.layers is None:
            self.layers = ReviewLayers(self.viewer, session)
            self.layers_added.emit()
        self.page.open(session)
        self._show_companions_panel()
        self._pages.setCurrentWidget(self.page)
        self.show_specimen()
        self.viewer.reset_view()
        # The docks take their room when the window is drawn: only then is it known how large the specimen can be.
        QTimer.singleShot(0, self, self._fit)
        session.navigation.start_scores()
        self._timer.start()
        self.focus_canvas()

    def _fit(self) -> None:
        if self.session is not None:
            fit_into_screen(self.page)
            self.viewer.reset_view()

    def _show_companions_panel(self) -> None:
        if self.companions is None:
            self.companions = CompanionsPanel()
        dock = self.companions.parentWidget()
        if dock is None:  # never shown yet, or closed since
            self.viewer.window.add_dock_widget(self.companions, name="Look-alike", area="bottom")
            sides_to_the_bottom(self.page)
        elif dock.isHidden():
            dock.show()
        self.companions.query = None

    def settle(self) -> None:
        """End what is still being drawn; see `ReviewScreen`."""
        if self.layers is not None:
            self.layers.regions.finish_polygon()

    def painted(self, image_id: str, labels: Labels) -> Labels | None:
        """What was painted over the session's regions; see `ReviewScreen`."""
        if self.layers is None or self.session is None:
            return None
        within = self.layers.painted(self.session, image_id, labels)
        if self.layers.renumbered:
            QTimer.singleShot(0, self, self.show_regions)
        return within

    def written(self, image_id: str) -> str | None:
        """The note as it is written in the field; see `ReviewScreen`."""
        return self.page.verdict.note.text() if self.page.verdict.image_id == image_id else None

    def close_session(self) -> None:
        """End the session that is open, if any; what is on the screen is kept."""
        stop_timer(self._timer)
        if self.session is not None:
            try:
                self.session.close()
            except (FinercamError, OSError) as error:
                self.say(str(error))
            finally:
                self.session = None

    def end(self) -> None:
        """End the session, take its layers away, and show the start page, which offers the store again."""
        location = "" if self.session is None else self.session.store.location
        self.close_session()
        self.page.deciding.end(self.viewer)
        if self.companions is not None:
            self.companions.show_query(None, None)
            dock = self.companions.parentWidget()
            if isinstance(dock, QDockWidget):
                self.viewer.window.remove_dock_widget(dock)
        self.start.offer(location, "Continue with")
        self._pages.setCurrentWidget(self.start)
        # Last, because the steps above draw the picture at once, and a layer must not go away in the middle of that.
        if self.layers is not None:
            self.layers.remove()
            self.layers = None

    def close(self) -> None:
        """End the session and all threads, for good; nothing of the window is touched, which may be gone."""
        self.close_session()
        self.exporter.close()
        if self.companions is not None:
            self.companions.close_threads()

    def show_specimen(self) -> None:
        """Fill layers and panels with the current specimen."""
        session, layers = self.session, self.layers
        if session is None or layers is None:
            return
        layers.show(session)
        self.page.region.number = layers.regions.selected_label = 1
        self.page.show_specimen(session, self.viewer)
        self.say("\n".join([*session.warnings, *layers.unsaid]))
        layers.unsaid.clear()
        self.page.describe(session)
        self.show_companions()
        self.shown.emit()

    def show_map(self) -> None:
        """Draw map, regions and look-alikes again, after the comparison changed."""
        if self.session is not None and self.layers is not None:
            self.layers.show_heat(self.session)
            self.show_regions()
            self.show_companions()
            self.shown.emit()

    def show_regions(self) -> None:
        """Draw the regions again, after they changed."""
        if self.session is not None and self.layers is not None:
            self.layers.show_regions(self.session)
            self.page.region.show_overlap()
            self.page.describe(self.session)

    def show_companions(self) -> None:
        """Show specimens of the reference picked in the list, with what tells them from this species."""
        session = self.session
        if session is None or self.companions is None:
            return
        reference, settings = self.page.comparison.picked_reference(), replace(session.comparison.settings)
        query = CompanionQuery(reference, session.specimen.species, settings) if reference else None
        self.companions.show_query(session.store, query, session.common_names.get(reference, ""))

    def take_strokes(self) -> None:
        """Let the session take what is on the screen: the regions as they were painted, and the note."""
        with self.errors_shown():
            if self.session is not None and self.layers is not None and self.session.collect():
                self.layers.describe_regions(self.session)
                self.page.region.show_specimen()
                self.page.describe(self.session)
            if self.layers is not None and self.layers.unsaid:
                self.say("\n".join(self.layers.unsaid))

    def refresh(self) -> None:
        """Read what a flow and other reviewers have written since."""
        if self.session is None:
            return
        with self.errors_shown():
            self.session.refresh()
            self.page.queue.show_agreement()
            self._timer.start()
            self.page.describe(self.session)

    def export(self, request: ExportRequest) -> None:
        """Begin to write an export of the open store."""
        if self.session is not None:
            self.exporter.start(self.session.store, request)
            self._timer.start()

    def _poll(self) -> None:
        """Show how far the scores and an export are, until both are done."""
        scores = None if self.session is None else self.session.navigation.scores
        if scores is None:
            return
        self._show_export()
        self.page.queue.show_state()
        if scores.finished.is_set() and not self.exporter.busy:
            self._timer.stop()
            if scores.missing and not self.page.message.text():
                self.say(captions.missing_species(len(scores.missing)))

    def _show_export(self) -> None:
        if not self.exporter.busy:
            return
        outcome = self.exporter.outcome()
        if outcome is None:
            self.say(f"Exporting. Masks written so far: {self.exporter.masks:,}.", good=True)
        else:
            self.say(outcome.message, good=outcome.succeeded)
