"""The verdicts in a store, as one reviewer needs them: their own to go on from, those of others to compare with."""

from dataclasses import replace
from pathlib import Path

from finercam_core.review import Agreement, Decision, ReviewLog, Verdict, VerdictReader, agreement


class Verdicts:
    """Latest verdicts on every specimen, and the log that this reviewer appends to.

    Parameters
    ----------
    location : str or Path
        The store, on a local disk.
    reviewer : str

    Raises
    ------
    ReviewError
        If the store is not on this machine's disk.
    """

    def __init__(self, location: str | Path, reviewer: str) -> None:
        self.reviewer = reviewer
        self._log = ReviewLog(location, reviewer)
        self._reader = VerdictReader(location)
        self._latest: dict[str, dict[str, Verdict]] = {}
        self._revisions: dict[str, int] = {}

    @property
    def problems(self) -> list[str]:
        """A sentence for each line of a log that is not a verdict."""
        return self._reader.problems

    def read_new(self) -> set[str]:
        """Take in what was appended since, by anybody; returns the ids of its specimens."""
        found = self._reader.new()
        for verdict in found:
            self._take(verdict)
        return {verdict.image_id for verdict in found}

    def _take(self, verdict: Verdict) -> None:
        """Verdicts come in the order of their times, but those of this sitting may come twice."""
        known = self._latest.setdefault(verdict.image_id, {})
        before = known.get(verdict.reviewer)
        if before is None or (before.time, before.revision) <= (verdict.time, verdict.revision):
            known[verdict.reviewer] = verdict
        if verdict.reviewer == self.reviewer:
            last = self._revisions.get(verdict.image_id, -1)
            self._revisions[verdict.image_id] = max(last, verdict.revision)

    def on(self, image_id: str) -> list[Verdict]:
        """Latest verdicts on a specimen, of all reviewers who did not take theirs back."""
        return [verdict for verdict in self._latest.get(image_id, {}).values() if verdict.decision]

    def mine(self, image_id: str) -> Verdict | None:
        """The verdict of this reviewer on a specimen, None for none."""
        found = self._latest.get(image_id, {}).get(self.reviewer)
        return found if found is not None and found.decision else None

    def append(self, verdict: Verdict) -> Verdict:
        """Write a verdict of this reviewer to the disk as the specimen's next revision."""
        revision = self._revisions.get(verdict.image_id, -1) + 1
        written = self._log.append(replace(verdict, reviewer=self.reviewer, revision=revision))
        self._take(written)
        return written

    def take_back(self, verdict: Verdict, before: Verdict | None) -> Verdict:
        """Put the verdict of before in the place of a later one, or none at all."""
        none: Decision = ""
        return self.append(replace(verdict, decision=none) if before is None else before)

    def specimens(self) -> list[str]:
        """Ids of all specimens that anybody judged."""
        return list(self._latest)

    def agreement(self) -> list[Agreement]:
        """Agreement of this reviewer with each other one, most specimens in common first."""
        both = {
            (image_id, verdict.reviewer): verdict
            for image_id, said in self._latest.items()
            for verdict in said.values()
            if verdict.decision
        }
        return [found for found in agreement(both) if self.reviewer in found.reviewers]
