"""A review without a window: what one reviewer makes of the specimens of a store."""

from functools import cached_property
from pathlib import Path

from finercam_core.errors import FinercamError
from finercam_core.export.mask_records import MaskDescription, describe_region
from finercam_core.review import Verdict, verdicts_of
from napari_finercam.session.history import BatchChange, RegionChange, VerdictChange
from napari_finercam.session.judging import Judging
from napari_finercam.session.navigation import Navigation
from napari_finercam.session.queue import Queue
from napari_finercam.session.regions import Snapshot


class ReviewSession(Judging):
    """One reviewer going through a store; every change is on the disk when its method returns.

    Parameters and attributes are those of `Marking`.

    Raises
    ------
    StoreError, ReviewError
        If the store cannot be read, or has no finished specimen.
    """

    def __init__(self, location: str | Path, reviewer: str, images: str | Path | None = None) -> None:
        super().__init__(location, reviewer, images)
        self.navigation = Navigation(self.store, reviewer, self.keep, self._arrive, self.verdicts.assignment)
        self._take_verdicts()
        self.navigation.start()

    @property
    def queue(self) -> Queue:
        """The specimens to go through."""
        return self.navigation.queue

    @cached_property
    def common_names(self) -> dict[str, str]:
        """Common names by scientific name, of the species that have one."""
        named = self.store.specimens[["scientificName", "vernacularName"]]
        named = named[named["vernacularName"] != ""].drop_duplicates("scientificName")
        return {str(name): str(common) for name, common in named.itertuples(index=False)}

    def _take_verdicts(self) -> None:
        for image_id in self.verdicts.read_new():
            self.queue.take_verdicts(image_id, self.verdicts.of_specimen(image_id))

    def species_of(self, image_id: str) -> tuple[str, str]:
        """Scientific and common name of a specimen's species; the second may be ""."""
        species = str(self.store.row(image_id)["scientificName"])
        return species, self.common_names.get(species, "")

    def history_of(self, image_id: str) -> list[Verdict]:
        """All verdicts on a specimen in the order of their times; those of others only after one's own."""
        verdicts = verdicts_of(self.store.location, image_id)
        known = self.verdicts.adjudicates or self.verdicts.own(image_id) is not None
        return [verdict for verdict in verdicts if known or verdict.reviewer == self.reviewer]

    def _arrive(self) -> None:
        self.verdicts.look_at(self.specimen.image_id)
        self._take_up()

    def refresh(self) -> None:
        """Read what a flow and other reviewers have written since, and write what could not be written before."""
        self.keep()
        self.drafts.bring_home()
        self._take_verdicts()
        self.navigation.loader.forget()
        self.comparison.backgrounds.forget()
        self.navigation.start_scores()

    def close(self) -> None:
        """Keep what is on the screen, and end all threads."""
        try:
            self.keep()
        finally:
            self.screen = None
            self.navigation.close()

    def about_regions(self) -> dict[int, MaskDescription]:
        """What an export says of each region, by number; from the verdict as long as its regions are shown."""
        verdict = self._shown or self._verdict(self.specimen, "", (), self.note)
        records = self.regions.records_without_masks()
        return {number: describe_region(self.store, verdict, region) for number, region in records.items()}

    def undo(self) -> bool:
        """Undo the last stroke, verdict or batch of verdicts, and show its specimen; False if there is none.

        Raises
        ------
        ReviewError
            If the disk cannot be written; the change can still be undone later.
        """
        self.keep()
        change = self._history.step_back()
        try:
            if isinstance(change, RegionChange):
                self._restore(change.image_id, change.before)
            elif change is not None:
                for verdict in reversed(_verdict_changes(change)):
                    self._take_back(verdict)
                self.navigation.go_to(change.image_id)
        except FinercamError:
            self._history.step_forward()
            raise
        return change is not None

    def redo(self) -> bool:
        """Do again what was undone last; False if there is nothing. Raises as `undo` does."""
        self.keep()
        change = self._history.step_forward()
        try:
            if isinstance(change, RegionChange):
                self._restore(change.image_id, change.after)
            elif change is not None:
                for verdict in _verdict_changes(change):
                    self._decide_again(verdict)
                self.navigation.go_to(change.image_id)
        except FinercamError:
            self._history.step_back()
            raise
        return change is not None

    def _restore(self, image_id: str, snapshot: Snapshot) -> None:
        if self.specimen.image_id != image_id:
            self.navigation.go_to(image_id)
        self.regions.restore(snapshot)
        verdict = self.verdicts.own(image_id)
        if verdict is not None and (self.regions.records(), self.note) == (verdict.regions, verdict.note):
            self._settle(verdict)
        else:
            self._shown = None
            self.save_draft()


def _verdict_changes(change: VerdictChange | BatchChange) -> tuple[VerdictChange, ...]:
    return change.changes if isinstance(change, BatchChange) else (change,)
