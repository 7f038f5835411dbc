"""The grid of many specimens: what it shows of the session, and the verdicts that it gives."""

from html import escape
from typing import cast

from finercam_core.errors import counted
from finercam_core.review import Decision, Region
from napari_finercam.session import captions
from napari_finercam.session.judging import says_regions
from napari_finercam.session.pictures.thumbnails import ThumbnailQuery
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.panels.grid import PAGE, GridDialog
from napari_finercam.window.workbench import Workbench


class Grid:
    """A dialog with the specimens of the queue that belong to the current specimen's species.

    Parameters
    ----------
    workbench : Workbench
    session : ReviewSession
        The one that is open.

    Attributes
    ----------
    dialog : GridDialog
    """

    def __init__(self, workbench: Workbench, session: ReviewSession) -> None:
        self._workbench, self._session = workbench, session
        self._species = session.specimen.species
        self._ids = session.queue.of_species(self._species)
        self.dialog = GridDialog(workbench.page, session.store)
        self.dialog.judged.connect(self.judge)
        self.dialog.undone.connect(self.undo)
        self.dialog.pair_chosen.connect(self.compare_with)
        self.dialog.opened.connect(self.open)
        self.dialog.page_turned.connect(self.show)
        here = session.specimen.image_id
        self.dialog.page = self._ids.index(here) // PAGE if here in self._ids else 0
        self._show_pair()
        self.show()
        if here in self._ids:
            self.dialog.go_to(self._ids.index(here) % PAGE)

    def exec(self) -> None:
        """Show the dialog until it is left; then the current specimen, which may have been judged in it."""
        window = self._workbench.page.window()
        self.dialog.resize(int(window.width() * 0.9), int(window.height() * 0.9))
        self.dialog.list.setFocus()
        self.dialog.exec()
        self._workbench.show_specimen()
        self._workbench.focus_canvas()

    def _show_pair(self) -> None:
        record = self._session.specimen.record
        references = () if record is None else record.classes[1:]
        self.dialog.show_pair(self._species, references, self._session.comparison_made().references)

    def show(self) -> None:
        """Show the page again, after verdicts or the comparison changed."""
        page = self._ids[self.dialog.page * PAGE : (self.dialog.page + 1) * PAGE]
        compared = self._session.comparison_made().references
        against = ", ".join(f"<i>{escape(name)}</i>" for name in compared) or "no look-alike"
        heading = (
            f"<i>{escape(self._species)}</i> against {against}: {counted(len(self._ids), 'specimen')} of the queue"
        )
        self.dialog.show_specimens(heading, [self._item(image_id) for image_id in page], -(-len(self._ids) // PAGE))

    def _item(self, image_id: str) -> tuple[ThumbnailQuery, str, str]:
        session = self._session
        verdict, regions = session.verdicts.own(image_id), self._kept_regions(image_id)
        chosen = session.comparison.chosen(self._species)
        query = ThumbnailQuery(image_id, regions, session.comparison.settings, session.threshold, chosen).frozen()
        decision = captions.DECISION_NAMES["" if verdict is None else verdict.decision]
        return query, decision, image_id

    def _kept_regions(self, image_id: str) -> tuple[Region, ...] | None:
        """The regions of a draft or a verdict; None where they are cut from the map."""
        if image_id == self._session.specimen.image_id:
            self._session.keep()
        draft, verdict = self._session.draft_of(image_id), self._session.verdicts.own(image_id)
        if draft is not None and draft.has_regions:
            return draft.regions
        if verdict is not None and says_regions(verdict):
            return verdict.regions
        return None

    def judge(self, decision: str) -> None:
        """Give all that are chosen one decision; each is a verdict of its own."""
        chosen = self.dialog.chosen
        if not chosen:
            self.dialog.say("Nothing is chosen: Space chooses a specimen, Ctrl+A all of the page.")
            return
        outcome = self._session.decide_together(chosen, cast(Decision, decision))
        self.dialog.list.clearSelection()
        self.show()
        self.dialog.say(captions.batch(len(outcome.written), decision, list(outcome.refused.values())))

    def undo(self) -> None:
        """Take back what was done last, here or before."""
        with self._workbench.errors_shown():
            if self._session.undo():
                self.show()
                self.dialog.say("The last change was taken back.")

    def compare_with(self, reference: str) -> None:
        """Compare all of them with one look-alike, or ("") with all."""
        record = self._session.specimen.record
        names = () if record is None else record.classes[1:]
        with self._workbench.errors_shown():
            self._session.use([reference] if reference else list(names))
        self.show()

    def open(self, image_id: str) -> None:
        """Leave the grid for one specimen."""
        with self._workbench.errors_shown():
            self._session.navigation.go_to(image_id)
        self.dialog.accept()
