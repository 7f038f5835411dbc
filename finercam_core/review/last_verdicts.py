"""The last verdict of each reviewer on each specimen, one at a time: logs may hold more masks than fit into memory."""

import json
from collections.abc import Iterator
from pathlib import Path

from finercam_core.errors import ReviewError
from finercam_core.io.files import Files
from finercam_core.review.log import is_whole
from finercam_core.review.records import Decision, Verdict, verdict_from_json
from finercam_core.store.layout import REVIEWS

Place = tuple[tuple[int, str], str, int]
"""Order of a verdict, then the log it is in and its offset there in bytes: later verdicts sort last."""


class LastVerdicts:
    """Reads the logs twice: first to find the place of each last verdict, then to read only those.

    Parameters
    ----------
    location : str or Path
        The store.

    Attributes
    ----------
    problems : dict of str to str
        What is wrong with each line that is not a verdict, by its name ("line 3 of reviews/…"). A last line that a
        crash cut off is not among them.
    """

    def __init__(self, location: str | Path) -> None:
        self._files = Files(location)
        self._places: dict[tuple[str, str], tuple[Place, Decision]] = {}
        self.problems: dict[str, str] = {}
        for name in self._files.names(REVIEWS):
            if name.endswith(".jsonl"):
                self._scan(name)

    def _scan(self, name: str) -> None:
        offset = 0
        with self._files.fs.open(f"{self._files.root}/{name}", "rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip() and (line.endswith(b"\n") or is_whole(line)):
                    self._note(line, name, number, offset)
                offset += len(line)

    def _note(self, line: bytes, name: str, number: int, offset: int) -> None:
        try:
            verdict = verdict_from_json(json.loads(line))
        except (ValueError, TypeError, KeyError, ReviewError) as error:
            self.problems[f"line {number} of {name}"] = f"it is not a verdict: {error}"
            return
        key, place = (verdict.image_id, verdict.reviewer), (verdict.order, name, offset)
        if key not in self._places or self._places[key][0] <= place:
            self._places[key] = place, verdict.decision

    def read(self, decision: Decision = "accept", reviewer: str | None = None) -> Iterator[Verdict]:
        """The last verdicts with this decision, of one reviewer or (None) of all, sorted by image_id and reviewer."""
        for key in sorted(self._places):
            (_, name, offset), last = self._places[key]
            if last == decision and reviewer in (None, key[1]):
                with self._files.fs.open(f"{self._files.root}/{name}", "rb") as file:
                    file.seek(offset)
                    yield verdict_from_json(json.loads(file.readline()))

    @property
    def accepted(self) -> set[str]:
        """Ids of the specimens that somebody accepts."""
        return {image_id for (image_id, _), (_, decision) in self._places.items() if decision == "accept"}

    @property
    def reviewers(self) -> list[str]:
        """All who gave a verdict, in alphabetical order."""
        return sorted({reviewer for _, reviewer in self._places})
