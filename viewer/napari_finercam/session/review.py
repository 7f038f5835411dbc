"""A review without any window: what one reviewer makes of the specimens of a store."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from finercam_core.errors import ReviewError
from finercam_core.export.mask_records import about_region
from finercam_core.regions.traits import Trait, offered_traits, traits_of
from finercam_core.review import Comparison, Decision, Draft, Drafts, Region, Verdict
from napari_finercam.session.navigation import Navigation
from napari_finercam.session.regions import Mask, Regions, Snapshot, Threshold
from napari_finercam.session.undo import RegionAct, Undo, VerdictAct
from napari_finercam.session.verdicts import Verdicts


class ReviewSession(Navigation):
    """One reviewer going through a store; every act is on the disk when its method returns.

    Parameters
    ----------
    location : str or Path
        The store; a flow may be writing to it meanwhile.
    reviewer : str
    images : str or Path, optional
        Folder of the photographs, if they have moved.

    Raises
    ------
    StoreError, ReviewError
        If the store cannot be read, or has no finished specimen.
    """

    def __init__(self, location: str | Path, reviewer: str, images: str | Path | None = None) -> None:
        super().__init__(location, reviewer, images)
        self.threshold = Threshold()
        self.traits: tuple[Trait, ...] = offered_traits(self.store)
        self.marked: tuple[Trait, ...] = traits_of(self.store) or (Trait(1, "specimen"),)
        self.undo_stack = Undo()
        self.verdicts = Verdicts(location, reviewer)
        self.drafts = Drafts(location, reviewer)
        self.regions = Regions((1, 1))
        self.note = ""
        self._shown: Verdict | None = None
        self._take_verdicts()
        self.start()

    def _take_verdicts(self) -> None:
        for image_id in self.verdicts.read_new():
            self.queue.take_verdicts(image_id, self.verdicts.on(image_id))

    def refresh(self) -> None:
        """Take in what a flow and other reviewers have written since."""
        self._take_verdicts()
        self.loader.forget()
        self.read_scores()

    def arrived(self) -> None:
        """Take up the specimen that is on: its draft, else its verdict, else the region that the map gives."""
        view, verdict = self.view, self.verdicts.mine(self.view.image_id)
        self.regions, self.note = Regions(view.image.shape), "" if verdict is None else verdict.note
        self._shown = None
        try:
            draft = self.drafts.load(view.image_id)
        except ReviewError as error:
            draft, view.problem = None, str(error)
        if draft is not None:
            self.regions.take(draft.regions)
            self.note = draft.note or self.note
        elif verdict is not None and verdict.regions:
            self.regions.take(verdict.regions)
            self._shown = verdict
        else:
            self.recut()

    def map_changed(self) -> None:
        """Let the region follow the map."""
        self.recut()

    def recut(self) -> None:
        """Cut the first region again, after the map or the threshold changed; what was painted stays."""
        if self.regions.follows and self.view.done and self.view.photographed:
            self.regions.cut(self.image_map(), self.threshold)
            self._shown = None

    def region(self) -> Mask:
        """All regions together, bool (height, width)."""
        return self.regions.mask

    def paint(self, labels: npt.NDArray[np.integer] | Mask) -> bool:
        """Take regions as a person left them after a stroke, and save them; False if nothing changed."""
        before = self.regions.snapshot()
        if not self.regions.paint(np.asarray(labels).astype(np.uint8)):
            return False
        self._edited(before)
        return True

    def edit(self, change: Callable[[Regions], object]) -> None:
        """Change the regions in a way that can be undone, and save them."""
        before = self.regions.snapshot()
        change(self.regions)
        self.recut()
        self._edited(before)

    def _edited(self, before: Snapshot) -> None:
        self._shown = None
        self.undo_stack.did(RegionAct(self.view.image_id, before, self.regions.snapshot()))
        self.save_draft()

    def save_draft(self) -> None:
        """Keep the regions and the note of the specimen on the disk until its verdict."""
        self.drafts.save(Draft(self.view.image_id, self.regions.records(), self.note))

    @property
    def decision(self) -> Decision:
        """What this reviewer said about the specimen on screen, "" for nothing yet."""
        verdict = self.verdicts.mine(self.view.image_id)
        return "" if verdict is None else verdict.decision

    def counts(self) -> dict[str, int]:
        """Number of specimens accepted, rejected, unsure, and in all, in the selection."""
        return self.queue.counts()

    def decide(self, decision: Decision, note: str | None = None) -> Verdict:
        """Write a verdict with the regions as they stand to the disk; "" takes an earlier one back.

        Raises
        ------
        ReviewError
            If a specimen without a photograph is to be accepted, or the disk cannot be written.
        """
        view = self.view
        if decision == "accept" and not view.photographed:
            raise ReviewError(f"{view.image_id} has no photograph, so no region can be accepted", "find its images")
        before = self.verdicts.mine(view.image_id)
        regions = self.regions.records() if view.photographed else ()
        written = self.verdicts.append(self._verdict(decision, regions, self.note if note is None else note))
        self._settle(written)
        self._shown = written
        self.undo_stack.did(VerdictAct(view.image_id, before, written))
        return written

    def _verdict(self, decision: Decision, regions: tuple[Region, ...], note: str) -> Verdict:
        view, run = self.view, str(self.store.provenance["run"])
        made = self.comparison_made()
        return Verdict(view.image_id, view.species, self.reviewer, decision, made, regions, note, run=run)

    def about_regions(self) -> dict[int, dict[str, Any]]:
        """What an export says of each region by its number: of the verdict, as long as it is that which is shown."""
        verdict = self._shown or self._verdict("", (), self.note)
        return {number: about_region(self.store, verdict, part) for number, part in self.regions.described().items()}

    def comparison_made(self) -> Comparison:
        """How the map that is shown is made."""
        record = self.view.record
        names = () if record is None else record.classes
        references = tuple(name for name, used in zip(names, self.view.used, strict=True) if used)
        return Comparison(self.gamma, self.settings.weighting, str(self.store.provenance["method"]), references)

    def _settle(self, verdict: Verdict) -> None:
        self.drafts.discard(verdict.image_id)
        self.queue.take_verdicts(verdict.image_id, self.verdicts.on(verdict.image_id))

    def undo(self) -> bool:
        """Take the last act back, a stroke or a verdict, and show its specimen; False if there is none."""
        act = self.undo_stack.back()
        if isinstance(act, RegionAct):
            self._restore(act.image_id, act.before)
        elif isinstance(act, VerdictAct):
            self.verdicts.take_back(act.after, act.before)
            self.queue.take_verdicts(act.image_id, self.verdicts.on(act.image_id))
            # What was judged becomes work in hand again.
            self.drafts.save(Draft(act.image_id, act.after.regions, act.after.note))
            self.go_to(act.image_id)
        return act is not None

    def redo(self) -> bool:
        """Do again what was undone last; False if there is nothing."""
        act = self.undo_stack.forth()
        if isinstance(act, RegionAct):
            self._restore(act.image_id, act.after)
        elif isinstance(act, VerdictAct):
            self._settle(self.verdicts.append(act.after))
            self.go_to(act.image_id)
        return act is not None

    def _restore(self, image_id: str, snapshot: Snapshot) -> None:
        if self.view.image_id != image_id:
            self.go_to(image_id)
        self.regions.restore(snapshot)
        self.save_draft()
