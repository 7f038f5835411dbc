"""A review without a window: what one reviewer makes of the specimens of a store."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from finercam_core.errors import ReviewError
from finercam_core.export.mask_records import MaskDescription, describe_region
from finercam_core.finer import Weighting
from finercam_core.regions.traits import Trait, offered_traits, traits_of
from finercam_core.review import Comparison, Decision, Draft, Drafts, Region, Verdict
from finercam_core.store import open_store
from napari_finercam.session.comparison import LiveComparison
from napari_finercam.session.history import History, RegionChange, VerdictChange
from napari_finercam.session.loaded_specimen import LoadedSpecimen
from napari_finercam.session.navigation import Navigation
from napari_finercam.session.queue import Queue
from napari_finercam.session.regions import Mask, NumberedRegions, Snapshot, Threshold
from napari_finercam.session.verdicts import Verdicts


class ReviewSession:
    """One reviewer going through a store; every change is on the disk when its method returns.

    Parameters
    ----------
    location : str or Path
        The store; a flow may be writing to it meanwhile.
    reviewer : str
    images : str or Path, optional
        Folder of the photographs, if they have moved.

    Attributes
    ----------
    navigation : Navigation
    comparison : LiveComparison
    verdicts : Verdicts
    drafts : Drafts
    threshold : Threshold
        Call `recut` after changing it.
    regions : NumberedRegions
        Of the current specimen.
    note : str
        Of the current specimen, as the verdict will keep it.
    traits : tuple of Trait
        Those that a region can belong to.
    mask_traits : tuple of Trait
        Those of the collection's own trait masks.

    Raises
    ------
    StoreError, ReviewError
        If the store cannot be read, or has no finished specimen.
    """

    def __init__(self, location: str | Path, reviewer: str, images: str | Path | None = None) -> None:
        self.store = open_store(location, images=images)
        self.reviewer = reviewer
        self.comparison = LiveComparison(self.store)
        self.threshold = Threshold()
        self.traits: tuple[Trait, ...] = offered_traits(self.store)
        self.mask_traits: tuple[Trait, ...] = traits_of(self.store) or (Trait(1, "specimen"),)
        self.verdicts = Verdicts(location, reviewer)
        self.drafts = Drafts(location, reviewer)
        self.regions = NumberedRegions((1, 1))
        self.note = ""
        self._shown: Verdict | None = None
        self._history = History()
        self.navigation = Navigation(self.store, reviewer, self._take_up)
        self._take_verdicts()
        self.navigation.start()

    @property
    def specimen(self) -> LoadedSpecimen:
        """The current specimen."""
        return self.navigation.specimen

    @property
    def queue(self) -> Queue:
        """The specimens to go through."""
        return self.navigation.queue

    @cached_property
    def common_names(self) -> dict[str, str]:
        """Common names by scientific name, of the species that have one."""
        named = self.store.specimens[["scientificName", "vernacularName"]].drop_duplicates("scientificName")
        return {str(name): str(common) for name, common in named.itertuples(index=False) if common}

    def _take_verdicts(self) -> None:
        for image_id in self.verdicts.read_new():
            self.queue.take_verdicts(image_id, self.verdicts.of_specimen(image_id))

    def refresh(self) -> None:
        """Read what a flow and other reviewers have written since."""
        self._take_verdicts()
        self.navigation.loader.forget()
        self.navigation.start_scores()

    def close(self) -> None:
        """End all threads."""
        self.navigation.close()

    def _take_up(self) -> None:
        """Load the current specimen's draft, else its verdict, else cut the region from its map."""
        specimen, verdict = self.specimen, self.verdicts.own(self.specimen.image_id)
        self.comparison.apply_choice(specimen)
        self.regions, self.note = NumberedRegions(specimen.image.shape), "" if verdict is None else verdict.note
        self._shown = None
        try:
            draft = self.drafts.load(specimen.image_id)
        except ReviewError as error:
            draft, specimen.problem = None, str(error)
        if draft is not None:
            self.regions.take(draft.regions)
            self.note = draft.note or self.note
        elif verdict is not None and verdict.regions:
            self.regions.take(verdict.regions)
            self._shown = verdict
        else:
            self.recut()

    @property
    def gamma(self) -> float:
        """Strength of the comparison; setting it recuts the region. See `LiveComparison.set_gamma`."""
        return self.comparison.settings.gamma

    @gamma.setter
    def gamma(self, value: float) -> None:
        self.comparison.set_gamma(value)
        self.recut()

    def set_weighting(self, weighting: Weighting) -> None:
        """Change the weighting of the references."""
        self.comparison.settings.weighting = weighting
        self.recut()

    def use(self, references: list[str]) -> None:
        """Compare with these of the stored references only, from now on for all specimens of this species."""
        self.comparison.choose(self.specimen, references)
        self.recut()

    def recut(self) -> None:
        """Cut the first region again, after the map or the threshold changed, unless it was painted."""
        if self.regions.follows and self.specimen.done and self.specimen.photographed:
            self.regions.cut(self.comparison.image_map(self.specimen), self.threshold)
            self._shown = None

    def paint(self, labels: npt.NDArray[np.integer] | Mask) -> bool:
        """Take regions as a person left them after a stroke, and save them; False if nothing changed."""
        before = self.regions.snapshot()
        if not self.regions.paint(np.asarray(labels).astype(np.uint8)):
            return False
        self._edited(before)
        return True

    def edit(self, change: Callable[[NumberedRegions], object]) -> None:
        """Change the regions in a way that can be undone, and save them."""
        before = self.regions.snapshot()
        change(self.regions)
        self.recut()
        self._edited(before)

    def _edited(self, before: Snapshot) -> None:
        self._shown = None
        self._history.record(RegionChange(self.specimen.image_id, before, self.regions.snapshot()))
        self.save_draft()

    def save_draft(self) -> None:
        """Keep the regions and the note of the current specimen on the disk until its verdict."""
        self.drafts.save(Draft(self.specimen.image_id, self.regions.records(), self.note))

    @property
    def decision(self) -> Decision:
        """The decision of this reviewer on the current specimen, "" for none yet."""
        verdict = self.verdicts.own(self.specimen.image_id)
        return "" if verdict is None else verdict.decision

    def decide(self, decision: Decision, note: str | None = None) -> Verdict:
        """Write a verdict with the present regions to the disk; "" retracts an earlier one.

        Raises
        ------
        ReviewError
            If a specimen without a photograph is to be accepted, or the disk cannot be written.
        """
        specimen = self.specimen
        if decision == "accept" and not specimen.photographed:
            raise ReviewError(f"{specimen.image_id} has no photograph, so no region can be accepted", "find its images")
        earlier = self.verdicts.own(specimen.image_id)
        regions = self.regions.records() if specimen.photographed else ()
        written = self.verdicts.append(self._verdict(decision, regions, self.note if note is None else note))
        self._settle(written)
        self._shown = written
        self._history.record(VerdictChange(specimen.image_id, earlier, written))
        return written

    def _verdict(self, decision: Decision, regions: tuple[Region, ...], note: str) -> Verdict:
        specimen, run = self.specimen, self.store.provenance.run
        comparison = self.comparison_made()
        return Verdict(specimen.image_id, specimen.species, self.reviewer, decision, comparison, regions, note, run=run)

    def about_regions(self) -> dict[int, MaskDescription]:
        """What an export says of each region, by number; from the verdict as long as its regions are shown."""
        verdict = self._shown or self._verdict("", (), self.note)
        records = self.regions.records_without_masks()
        return {number: describe_region(self.store, verdict, region) for number, region in records.items()}

    def comparison_made(self) -> Comparison:
        """How the present map is made."""
        record, settings = self.specimen.record, self.comparison.settings
        names = () if record is None else record.classes
        references = tuple(name for name, used in zip(names, self.specimen.used, strict=True) if used)
        return Comparison(settings.gamma, settings.weighting, self.store.provenance.method, references)

    def _settle(self, verdict: Verdict) -> None:
        self.drafts.discard(verdict.image_id)
        self.queue.take_verdicts(verdict.image_id, self.verdicts.of_specimen(verdict.image_id))

    def undo(self) -> bool:
        """Undo the last stroke or verdict, and show its specimen; False if there is none."""
        change = self._history.step_back()
        if isinstance(change, RegionChange):
            self._restore(change.image_id, change.before)
        elif isinstance(change, VerdictChange):
            self.verdicts.retract(change.after, change.before)
            self.queue.take_verdicts(change.image_id, self.verdicts.of_specimen(change.image_id))
            # What was judged becomes a draft again.
            self.drafts.save(Draft(change.image_id, change.after.regions, change.after.note))
            self.navigation.go_to(change.image_id)
        return change is not None

    def redo(self) -> bool:
        """Do again what was undone last; False if there is nothing."""
        change = self._history.step_forward()
        if isinstance(change, RegionChange):
            self._restore(change.image_id, change.after)
        elif isinstance(change, VerdictChange):
            self._settle(self.verdicts.append(change.after))
            self.navigation.go_to(change.image_id)
        return change is not None

    def _restore(self, image_id: str, snapshot: Snapshot) -> None:
        if self.specimen.image_id != image_id:
            self.navigation.go_to(image_id)
        self.regions.restore(snapshot)
        self.save_draft()
