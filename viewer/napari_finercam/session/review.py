"""A review without a window: what one reviewer makes of the specimens of a store."""

from functools import cached_property
from pathlib import Path

from finercam_core.errors import FinercamError, ReviewError
from finercam_core.export.mask_records import MaskDescription, describe_region
from finercam_core.review import Decision, Draft, Region, Verdict
from napari_finercam.session.captions import unplaced_regions
from napari_finercam.session.history import RegionChange, VerdictChange
from napari_finercam.session.marking import Marking
from napari_finercam.session.navigation import Navigation
from napari_finercam.session.queue import Queue
from napari_finercam.session.regions import NumberedRegions, Snapshot


class ReviewSession(Marking):
    """One reviewer going through a store; every change is on the disk when its method returns.

    Parameters and attributes are those of `Marking`.

    Raises
    ------
    StoreError, ReviewError
        If the store cannot be read, or has no finished specimen.
    """

    def __init__(self, location: str | Path, reviewer: str, images: str | Path | None = None) -> None:
        super().__init__(location, reviewer, images)
        self.navigation = Navigation(self.store, reviewer, self.keep, self._take_up)
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

    def refresh(self) -> None:
        """Read what a flow and other reviewers have written since, and write what could not be written before."""
        self.keep()
        self.drafts.bring_home()
        self._take_verdicts()
        self.navigation.loader.forget()
        self.navigation.start_scores()

    def close(self) -> None:
        """Keep what is on the screen, and end all threads."""
        try:
            self.keep()
        finally:
            self.screen = None
            self.navigation.close()

    def _take_up(self) -> None:
        """Load the current specimen's draft, else its verdict, else cut the region from its map."""
        specimen, verdict = self.specimen, self.verdicts.own(self.specimen.image_id)
        self.comparison.apply_choice(specimen)
        self.regions = NumberedRegions(specimen.image.shape, specimen.full_shape, photographed=specimen.photographed)
        self.note, self._shown, self._recut_since = "" if verdict is None else verdict.note, None, False
        try:
            draft = self.drafts.load(specimen.image_id)
        except FinercamError as error:
            draft, specimen.problem = None, str(error)
        made = None if verdict is None else verdict.comparison
        self._drafted = draft is not None
        if draft is not None:
            self.note = draft.note
        if draft is not None and draft.has_regions:
            self.regions.take(draft.regions, made)
        elif verdict is not None and (verdict.regions or verdict.decision == "accept"):
            self.regions.take(verdict.regions, made)
            self._shown = verdict if draft is None else None
        else:
            self._cut()
            self._shown = verdict if draft is None else None

    def decide(self, decision: Decision, note: str | None = None) -> Verdict:
        """Write a verdict with the present regions to the disk; "" retracts an earlier one.

        Raises
        ------
        ReviewError
            If a specimen whose photograph is away or does not fit its regions is to be accepted, or the disk cannot be
            written. Regions and note are kept as a draft then.
        """
        self.collect()
        specimen = self.specimen
        if decision == "accept":
            self._check_acceptable()
        if note is not None:
            self.note = note
        earlier = self.verdicts.own(specimen.image_id)
        try:
            written = self.verdicts.append(self._verdict(decision, self.regions.records(), self.note))
        except ReviewError:
            self.save_draft()
            raise
        self._settle(written)
        self._history.record(VerdictChange(specimen.image_id, earlier, written))
        return written

    def _check_acceptable(self) -> None:
        image_id, unplaced = self.specimen.image_id, self.regions.unplaced
        if not self.specimen.photographed:
            raise ReviewError(f"{image_id} has no photograph, so no region can be accepted", "find its images")
        if unplaced:
            raise ReviewError(unplaced_regions(unplaced).rstrip("."), "remove them first, or find the photograph")

    def _verdict(self, decision: Decision, regions: tuple[Region, ...], note: str) -> Verdict:
        specimen, run = self.specimen, self.store.provenance.run
        cut_from = (region.comparison for region in regions if region.comparison is not None)
        comparison = next(cut_from, None) or self.comparison_made()
        return Verdict(specimen.image_id, specimen.species, self.reviewer, decision, comparison, regions, note, run=run)

    def about_regions(self) -> dict[int, MaskDescription]:
        """What an export says of each region, by number; from the verdict as long as its regions are shown."""
        verdict = self._shown or self._verdict("", (), self.note)
        records = self.regions.records_without_masks()
        return {number: describe_region(self.store, verdict, region) for number, region in records.items()}

    def _settle(self, verdict: Verdict) -> None:
        """Let a verdict on the current specimen, which is on the disk, take the place of its draft."""
        self.drafts.discard(verdict.image_id)
        self.queue.take_verdicts(verdict.image_id, self.verdicts.of_specimen(verdict.image_id))
        if verdict.image_id == self.specimen.image_id:
            self._shown, self._recut_since, self._drafted = verdict, False, False

    def undo(self) -> bool:
        """Undo the last stroke or verdict, and show its specimen; False if there is none.

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
            elif isinstance(change, VerdictChange):
                self.verdicts.retract(change.after, change.before)
                self.queue.take_verdicts(change.image_id, self.verdicts.of_specimen(change.image_id))
                # What was judged becomes a draft again.
                self.drafts.save(Draft(change.image_id, change.after.regions, change.after.note))
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
            elif isinstance(change, VerdictChange):
                self._settle(self.verdicts.append(change.after))
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
