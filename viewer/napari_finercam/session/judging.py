"""Verdicts on specimens: on the current one, on many at once, and taken back."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from finercam_core.errors import FinercamError, ReviewError
from finercam_core.review import Decision, Draft, Region, Verdict
from napari_finercam.session.captions import unplaced_regions
from napari_finercam.session.history import BatchChange, VerdictChange
from napari_finercam.session.loaded_specimen import LoadedSpecimen
from napari_finercam.session.marking import Marking
from napari_finercam.session.regions import NumberedRegions


@dataclass
class Marks:
    """What there is of a specimen when it is taken up.

    Attributes
    ----------
    regions : NumberedRegions
        Of its draft, else of its verdict, else cut from its map.
    note : str
    shown : Verdict or None
        The verdict, if regions and note are those of it.
    drafted : bool
    """

    regions: NumberedRegions
    note: str = ""
    shown: Verdict | None = None
    drafted: bool = False


@dataclass
class BatchOutcome:
    """What became of many specimens that were judged at once: the verdicts, and why others have none, by id."""

    written: list[Verdict] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


class Judging(Marking):
    """A reviewer's verdicts; every one is on the disk when its method returns. Parameters are those of `Marking`."""

    def _take_up(self) -> None:
        """Load the current specimen's draft, else its verdict, else cut the region from its map."""
        self.comparison.apply_choice(self.specimen)
        marks = self._marks(self.specimen)
        self.regions, self.note = marks.regions, marks.note
        self._shown, self._drafted, self._recut_since = marks.shown, marks.drafted, False

    def _marks(self, specimen: LoadedSpecimen) -> Marks:
        verdict = self.verdicts.own(specimen.image_id)
        marks = Marks(NumberedRegions(specimen.image.shape, specimen.full_shape, photographed=specimen.photographed))
        try:
            draft = self.drafts.load(specimen.image_id)
        except FinercamError as error:
            draft, specimen.problem = None, str(error)
        made = None if verdict is None else verdict.comparison
        marks.drafted = draft is not None
        marks.note = draft.note if draft is not None else "" if verdict is None else verdict.note
        marks.shown = verdict if draft is None else None
        if draft is not None and draft.has_regions:
            marks.regions.take(draft.regions, made)
        elif verdict is not None and says_regions(verdict):
            marks.regions.take(verdict.regions, made)
        else:
            self._cut(marks.regions, specimen)
        return marks

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
            _check_acceptable(specimen, self.regions)
        if note is not None:
            self.note = note
        earlier = self.verdicts.own(specimen.image_id)
        try:
            written = self.verdicts.append(self._verdict_on(specimen, decision, self.regions, self.note))
        except ReviewError:
            self.save_draft()
            raise
        self._settle(written)
        self._history.record(VerdictChange(earlier, written))
        return written

    def _verdict_on(self, specimen: LoadedSpecimen, decision: Decision, regions: NumberedRegions, note: str) -> Verdict:
        records = regions.records()
        return replace(self._verdict(specimen, decision, records, note), emptied=regions.known and not records)

    def _verdict(self, specimen: LoadedSpecimen, decision: Decision, regions: tuple[Region, ...], note: str) -> Verdict:
        cut_from = (region.comparison for region in regions if region.comparison is not None)
        comparison = next(cut_from, None) or self.comparison_made(specimen)
        about = specimen.image_id, specimen.species, self.reviewer
        return Verdict(*about, decision, comparison, regions, note, run=self.store.provenance.run)

    def decide_together(self, image_ids: Sequence[str], decision: Decision) -> BatchOutcome:
        """Judge many specimens as they would be shown; each verdict is a line of its own, and one undo takes all back.

        Those that cannot be judged, such as one to accept whose photograph is away, are left out with the reason.
        """
        self.keep()
        outcome, changes = BatchOutcome(), []
        for image_id in image_ids:
            specimen, earlier = self.navigation.loader.get(image_id), self.verdicts.own(image_id)
            self.comparison.apply_choice(specimen)
            try:
                written = self.verdicts.append(self._judged(specimen, decision, len(image_ids)))
            except ReviewError as error:
                outcome.refused[image_id] = str(error)
                continue
            self._settle(written)
            outcome.written.append(written)
            changes.append(VerdictChange(earlier, written))
        if changes:
            self._history.record(BatchChange(tuple(changes)))
        if any(verdict.image_id == self.specimen.image_id for verdict in outcome.written):
            self._take_up()
        return outcome

    def _judged(self, specimen: LoadedSpecimen, decision: Decision, together: int) -> Verdict:
        if not specimen.done:
            raise ReviewError(f"{specimen.image_id} has no map to judge: {specimen.problem}", "leave it out")
        marks = self._marks(specimen)
        if decision == "accept":
            _check_acceptable(specimen, marks.regions)
        return replace(self._verdict_on(specimen, decision, marks.regions, marks.note), together=together)

    def _settle(self, verdict: Verdict) -> None:
        """Let a verdict, which is on the disk, take the place of its specimen's draft."""
        self.drafts.discard(verdict.image_id)
        self._know_verdicts(verdict.image_id)
        if verdict.image_id == self.specimen.image_id:
            self._shown, self._recut_since, self._drafted = verdict, False, False

    def _know_verdicts(self, image_id: str) -> None:
        self.navigation.queue.take_verdicts(image_id, self.verdicts.of_specimen(image_id))

    def retract(self) -> Verdict:
        """Take the verdict on the current specimen back; its regions and note stay as a draft.

        Raises
        ------
        ReviewError
            If there is none, or the disk cannot be written.
        """
        self.collect()
        earlier = self.verdicts.own(self.specimen.image_id)
        if earlier is None:
            raise ReviewError(f"{self.specimen.image_id} has no verdict of yours", "K, J and U give one")
        written = self.verdicts.retract(earlier, None)
        self._shown = None
        self.save_draft()
        self._know_verdicts(written.image_id)
        self._history.record(VerdictChange(earlier, written))
        return written

    def _take_back(self, change: VerdictChange) -> None:
        """Put the earlier verdict in place of a later one; what was judged becomes a draft again."""
        after, before = change.after, change.before
        self.verdicts.retract(after, before)
        self._know_verdicts(after.image_id)
        if after.decision and (before is None or not _says_the_same(before, after)):
            # Without a photograph nothing is known of its regions, which is not the same as none.
            known = says_regions(after)
            self.drafts.save(Draft(after.image_id, after.regions, after.note, has_regions=known))
        elif before is not None and (after.decision or self._is_drafted_as(before)):
            self.drafts.discard(after.image_id)  # what was written since the verdict that is undone goes with it

    def _decide_again(self, change: VerdictChange) -> None:
        """Do a verdict again that was undone; a retraction leaves a draft, as it did."""
        after = self.verdicts.append(change.after)
        if after.decision:
            self._settle(after)
            return
        self._know_verdicts(after.image_id)
        if self.drafts.load(after.image_id) is None:
            known = says_regions(after)
            self.drafts.save(Draft(after.image_id, after.regions, after.note, has_regions=known))

    def _is_drafted_as(self, verdict: Verdict) -> bool:
        draft = self.drafts.load(verdict.image_id)
        return draft is not None and (draft.regions, draft.note) == (verdict.regions, verdict.note)


def says_regions(verdict: Verdict) -> bool:
    """Whether a verdict says which regions there are, be it none."""
    return bool(verdict.regions) or verdict.emptied or verdict.decision == "accept"


def _says_the_same(one: Verdict, other: Verdict) -> bool:
    return (one.regions, one.note, says_regions(one)) == (other.regions, other.note, says_regions(other))


def _check_acceptable(specimen: LoadedSpecimen, regions: NumberedRegions) -> None:
    if not specimen.photographed:
        raise ReviewError(f"{specimen.image_id} has no photograph, so no region can be accepted", "find its images")
    if regions.unplaced:
        raise ReviewError(unplaced_regions(regions.unplaced).rstrip("."), "remove them first, or find the photograph")
