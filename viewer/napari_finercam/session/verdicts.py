"""The verdicts in a store, as one reviewer needs them: their own to continue from, those of others to compare with."""

from dataclasses import fields, replace
from pathlib import Path
from time import monotonic

from finercam_core.errors import ReviewError
from finercam_core.io.addresses import is_url
from finercam_core.io.files import Files
from finercam_core.review import (
    Adjudication,
    Agreement,
    Decision,
    ReviewLog,
    Verdict,
    VerdictReader,
    adjudicate,
    agreement,
    read_assignment,
)
from finercam_core.store.layout import SPECIMENS

_BETWEEN_LISTINGS = 5.0  # seconds


def require_store(location: str | Path) -> None:
    """Make sure that the store is still there: what is written to the place of a share that is gone would be lost.

    Raises
    ------
    ReviewError
        If it is not.
    """
    if not Files(location).exists(SPECIMENS):
        raise ReviewError(f"{location} is not there any more", "bring the share or disk back, then go on")


class Verdicts:
    """The latest verdicts on every specimen, and the log that this reviewer appends to.

    Parameters
    ----------
    location : str or Path
        The store.
    reviewer : str

    Attributes
    ----------
    keys : set of str
        Of this reviewer's verdicts that came from a page: one that arrives again is known by it.
    assignment : Assignment or None
        Who has which specimens, where a lab shares the store.
    adjudicates : bool
        Whether this reviewer decides disagreements: their verdicts are adjudications.

    Raises
    ------
    ReviewError
        If the store's assignment is damaged.
    """

    def __init__(self, location: str | Path, reviewer: str) -> None:
        self.reviewer, self._location = reviewer, location
        self._log = ReviewLog(location, reviewer)
        self._reader = VerdictReader(location)
        self._latest: dict[str, dict[str, Verdict]] = {}
        self._revisions: dict[str, int] = {}
        self.keys: set[str] = set()
        self._looked_at: tuple[str, float] = "", 0.0
        self._next_reading = 0.0
        self.assignment = read_assignment(str(location))
        self.adjudicates = self.assignment is not None and self.assignment.may_adjudicate(reviewer)

    @property
    def problems(self) -> list[str]:
        """A sentence for each line of a log that is not a verdict."""
        return self._reader.problems

    def read_new(self) -> set[str]:
        """Read what anybody has appended since; returns the ids of the specimens judged.

        Of an object store all logs are listed for that, which is not done again within a few seconds.
        """
        if monotonic() < self._next_reading:
            return set()
        verdicts = self._reader.new()
        if is_url(str(self._location)):
            self._next_reading = monotonic() + _BETWEEN_LISTINGS
        for verdict in verdicts:
            self._take(verdict)
        return {verdict.image_id for verdict in verdicts}

    def _take(self, verdict: Verdict) -> None:
        """Verdicts come in the order of their times, and those of this session may come twice."""
        by_reviewer = self._latest.setdefault(verdict.image_id, {})
        earlier = by_reviewer.get(verdict.reviewer)
        if earlier is None or earlier.order <= verdict.order:
            by_reviewer[verdict.reviewer] = verdict
        if verdict.reviewer == self.reviewer:
            last = self._revisions.get(verdict.image_id, -1)
            self._revisions[verdict.image_id] = max(last, verdict.revision)
            self.keys |= {verdict.key} - {""}

    def of_specimen(self, image_id: str) -> list[Verdict]:
        """The latest verdicts on a specimen, one per reviewer; retracted ones are left out."""
        return [verdict for verdict in self._latest.get(image_id, {}).values() if verdict.decision]

    def own(self, image_id: str) -> Verdict | None:
        """The verdict of this reviewer on a specimen, None if there is none."""
        verdict = self._latest.get(image_id, {}).get(self.reviewer)
        return verdict if verdict is not None and verdict.decision else None

    def look_at(self, image_id: str) -> None:
        """Begin to measure how long a specimen is looked at before its verdict."""
        self._looked_at = image_id, monotonic()

    def _timed(self, verdict: Verdict) -> Verdict:
        image_id, since = self._looked_at
        if verdict.seconds is not None or image_id != verdict.image_id or not verdict.decision:
            return verdict
        return replace(verdict, seconds=round(monotonic() - since, 2))

    def append(self, verdict: Verdict) -> Verdict:
        """Write a verdict of this reviewer to the disk as the specimen's next revision.

        That of an adjudicator becomes an adjudication of what the others said.

        Raises
        ------
        ReviewError
            If it cannot be written, or an adjudicator has nothing to decide.
        """
        require_store(self._location)
        verdict = self._timed(replace(verdict, reviewer=self.reviewer))
        if verdict.decision and (self.adjudicates or isinstance(verdict, Adjudication)):
            plain = {field.name: getattr(verdict, field.name) for field in fields(Verdict)}
            verdict = adjudicate(Verdict(**plain), self.of_specimen(verdict.image_id))
        revision = self._revisions.get(verdict.image_id, -1) + 1
        written = self._log.append(replace(verdict, revision=revision))
        self._take(written)
        return written

    def retract(self, verdict: Verdict, earlier: Verdict | None) -> Verdict:
        """Put the earlier verdict in place of a later one, or none at all."""
        no_decision: Decision = ""
        return self.append(replace(verdict, decision=no_decision) if earlier is None else earlier)

    def agreement(self) -> list[Agreement]:
        """Agreement of this reviewer with each other one, most specimens in common first."""
        latest = {
            (image_id, verdict.reviewer): verdict
            for image_id, by_reviewer in self._latest.items()
            for verdict in by_reviewer.values()
            if verdict.decision
        }
        return [pair for pair in agreement(latest) if self.reviewer in pair.reviewers]
