"""One reviewer's desk: queue, specimens, drafts and verdicts, all of it on the disk before the page is told so."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from threading import Lock

from finercam_core.errors import FinercamError, ReviewError
from finercam_core.regions.rle import placed
from finercam_core.review import Draft, Region, Verdict
from finercam_core.review.intake import DraftForm, VerdictForm, checked_regions, checked_verdict, require_run
from finercam_core.store import Store
from napari_finercam.session.captions import unplaced_regions
from napari_finercam.session.lab.deciding import between
from napari_finercam.session.lab.own_queue import TO_DECIDE
from napari_finercam.session.listing.scores import ScoreReader
from napari_finercam.session.queue import FILTERS, Queue, Selection
from napari_finercam.session.regions.kept_drafts import KeptDrafts
from napari_finercam.session.verdicts import Verdicts
from napari_finercam.web.facts import Acknowledged, Changes, OtherVerdict, QueueFacts, SpecimenFacts
from napari_finercam.web.photographs import Photographs
from napari_finercam.web.specimens import OwnWork, other_verdicts, specimen_facts


class Desk:
    """The review of one reviewer, as several tabs may show it at once; nothing lies in this process's memory alone.

    Parameters
    ----------
    store : Store
    photographs : Photographs
    reviewer : str
    """

    def __init__(self, store: Store, photographs: Photographs, reviewer: str) -> None:
        self.reviewer = reviewer
        self._store, self._photographs = store, photographs
        self._lock = Lock()
        self._verdicts = Verdicts(store.location, reviewer)
        self._drafts = KeptDrafts(store.location, reviewer)
        self._queue = Queue(store.rows, reviewer, self._verdicts.assignment)
        self._boot, self._changed = secrets.token_hex(8), list[str]()
        self._scores = ScoreReader(store.location, list(store.groups.values()), self._queue)
        self._take_verdicts()
        self._scores.start()

    def close(self) -> None:
        """End the thread that reads scores."""
        self._scores.stop()

    def taxa(self) -> list[tuple[str, str, int]]:
        """See `Queue.taxa`."""
        return self._queue.taxa()

    @property
    def first(self) -> tuple[str, str]:
        """The filter and the order that the page begins with: those of one's own queue, if anything is in it."""
        lab = self._queue.lab
        return ("all", "as stored") if lab.adjudicates and not lab.open.any() else lab.first

    @property
    def filters(self) -> tuple[str, ...]:
        """What the queue can be narrowed to, the first one first; disagreements are an adjudicator's alone."""
        only, _ = self.first
        others = (name for name in FILTERS if name != only and (name != TO_DECIDE or self._verdicts.adjudicates))
        return (only, *others)

    def _take_verdicts(self) -> None:
        """Read what anybody has appended; note the specimens that this reviewer may know it of."""
        for image_id in sorted(self._verdicts.read_new()):
            before = self._mine(image_id)
            self._queue.take_verdicts(image_id, self._verdicts.of_specimen(image_id))
            if self._mine(image_id) or before or self._verdicts.adjudicates:
                self._changed.append(image_id)

    def _mine(self, image_id: str) -> int:
        try:
            return int(self._queue.mine[self._queue.row_of(image_id)])
        except KeyError:
            return 0

    def select(self, selection: Selection) -> QueueFacts:
        """The specimens of a selection that can be shown, in its order."""
        with self._lock:
            self._take_verdicts()
            queue = self._queue
            queue.select(selection)
            order = queue.order if selection.only == "failed" else queue.order[queue.showable[queue.order]]
            mine = queue.mine[order]
            begin = next((i for i, code in enumerate(mine) if not code), 0)
            ids = tuple(str(queue.ids[row]) for row in order)
            return QueueFacts(ids, "".join(map(str, mine.tolist())), begin, queue.pending)

    def specimen(self, image_id: str) -> SpecimenFacts:
        """A specimen with this reviewer's own work; raises `StoreError` if there is none of that id."""
        self._store.row(image_id)
        with self._lock:
            self._take_verdicts()
            own = self._own(image_id)
        return specimen_facts(self._store, self._photographs, image_id, own)

    def _own(self, image_id: str) -> OwnWork:
        try:
            draft, problem = self._drafts.load(image_id), ""
        except FinercamError as error:
            draft, problem = None, str(error)
        problem = problem or self._drafts.obstacle or self._drafts.trouble
        opinions = tuple(between(self._verdicts, image_id))
        return OwnWork(self._verdicts.own(image_id), draft, self._others(image_id), problem, opinions)

    def _others(self, image_id: str) -> tuple[Verdict, ...]:
        """Verdicts of others, once this reviewer has given one; an adjudicator is shown what to decide between."""
        if self._verdicts.own(image_id) is None or self._verdicts.adjudicates:
            return ()
        return tuple(v for v in self._verdicts.of_specimen(image_id) if v.reviewer != self.reviewer)

    def keep_draft(self, form: DraftForm) -> None:
        """Keep regions and note of a specimen before its verdict.

        Raises
        ------
        ReviewError
            If a region has no place on the photograph, or the draft is about another run.
        """
        require_run(self._store, form)
        self._store.row(form.image_id)
        with self._lock:
            regions = self._regions(form)
            self._drafts.save(Draft(form.image_id, regions, form.note, has_regions=bool(form.regions)))

    def _regions(self, form: DraftForm) -> tuple[Region, ...]:
        known = self._own(form.image_id).regions
        return checked_regions(self._store, form.image_id, form.regions, form.comparison, strict=False, known=known)

    def decide(self, form: VerdictForm) -> Acknowledged:
        """Append a verdict to the log and sync it; one that arrives again is acknowledged again.

        Raises
        ------
        ReviewError
            If it does not fit the store, decides between other verdicts than there are, or cannot be written: then it
            is not kept.
        """
        if form.reviewer != self.reviewer:
            raise ReviewError(f"the verdict is {form.reviewer}'s, the link {self.reviewer}'s", "open your own link")
        with self._lock:
            self._take_verdicts()
            if form.key in self._verdicts.keys:
                return self._acknowledged(form, self._verdicts.own(form.image_id))
            own = self._own(form.image_id)
            self._require_seen(form)
            verdict = checked_verdict(self._store, form, own.known)
            if form.decision == "accept":
                self._require_places(form.image_id, own.regions)
            written = self._verdicts.append(replace(verdict, reviewer=self.reviewer))
            self._drafts.discard(form.image_id)
            self._queue.take_verdicts(form.image_id, self._verdicts.of_specimen(form.image_id))
            self._changed.append(form.image_id)
            return self._acknowledged(form, written)

    def _require_seen(self, form: VerdictForm) -> None:
        """Nobody decides between verdicts other than those that the page showed."""
        there = {(one.reviewer, one.revision) for one in between(self._verdicts, form.image_id)}
        if form.decision and there != {(one.reviewer, one.revision) for one in form.between}:
            problem = f"the verdicts on {form.image_id} are not those that you saw"
            raise ReviewError(problem, "look at what they say now, then decide")

    def _require_places(self, image_id: str, known: Sequence[Region]) -> None:
        """Regions that the page could not show are not given up by accepting the others."""
        width, height = self._store.image_size(image_id)
        unplaced = [region for region in known if placed(region.rle, (height, width)) is None]
        if unplaced:
            raise ReviewError(unplaced_regions(unplaced).rstrip("."), "open it in napari and remove them first")

    def _acknowledged(self, form: VerdictForm, written: Verdict | None) -> Acknowledged:
        others: tuple[OtherVerdict, ...] = other_verdicts(self._others(form.image_id))
        if written is None:
            return Acknowledged(form.image_id, "", 0, "", form.key, others)
        return Acknowledged(form.image_id, written.decision, written.revision, written.time, form.key, others)

    def changes(self, boot: str, since: int) -> Changes:
        """Specimens whose verdicts changed since a count of this server's start."""
        with self._lock:
            self._take_verdicts()
            ids = tuple(dict.fromkeys(self._changed[max(0, since) :] if boot == self._boot else ()))
            mine = "".join(str(self._mine(image_id)) for image_id in ids)
            return Changes(self._boot, len(self._changed), ids, mine)
