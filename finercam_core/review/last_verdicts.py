"""The last verdict of each reviewer on each specimen, one at a time: logs may hold more masks than fit into memory."""

import json
from collections.abc import Iterable, Iterator
from functools import cached_property
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import IO

from finercam_core.errors import ReviewError
from finercam_core.io.files import Files
from finercam_core.review.appending import is_whole
from finercam_core.review.records import Adjudication, Decision, Verdict, verdict_from_json
from finercam_core.store.layout import REVIEWS

Key = tuple[str, str]
"""An image_id and a reviewer."""
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
        self._places: dict[Key, tuple[Place, Decision]] = {}
        self._numbers: dict[Key, tuple[int, str]] = {}  # of those that are adjudications
        self.problems: dict[str, str] = {}
        names = [name for name in self._files.names(REVIEWS) if name.endswith(".jsonl")]
        if self._files.local is None:  # small objects, and each request waits for its answer
            for name, content in self._files.contents(names):
                self._scan(name, BytesIO(content))
            return
        for name in names:
            with self._files.fs.open(f"{self._files.root}/{name}", "rb") as file:
                self._scan(name, file)

    def _scan(self, name: str, file: IO[bytes]) -> None:
        offset = 0
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
            self._numbers.pop(key, None)
            if isinstance(verdict, Adjudication):
                self._numbers[key] = verdict.number, verdict.time

    @cached_property
    def last_words(self) -> dict[str, Key]:
        """By image_id of the specimens with an adjudication, whose it is; the one with the highest number counts."""
        found: dict[str, Key] = {}
        for key in sorted(self._numbers, key=lambda key: self._numbers[key]):
            if self._places[key][1]:
                found[key[0]] = key
        return found

    def _counts(self, key: Key) -> bool:
        """Whether a verdict is what exports of all reviewers have: nobody else has the last word."""
        return self.last_words.get(key[0], key) == key

    def read(self, decision: Decision = "accept", reviewer: str | None = None) -> Iterator[Verdict]:
        """The last verdicts with this decision, sorted by image_id and reviewer.

        Parameters
        ----------
        decision : Decision
        reviewer : str, optional
            Whose verdicts. By default those of all, of specimens with an adjudication that one alone.
        """
        keys = (key for key, (_, last) in self._places.items() if last == decision)
        if reviewer is None:
            return self._read(key for key in keys if self._counts(key))
        return self._read(key for key in keys if key[1] == reviewer)

    def by_specimen(self) -> Iterator[tuple[str, list[Verdict]]]:
        """All last verdicts that are not retracted, one specimen after the other; adjudications are among them."""
        kept = self._read(key for key, (_, decision) in self._places.items() if decision)
        for image_id, verdicts in groupby(kept, key=lambda verdict: verdict.image_id):
            yield image_id, list(verdicts)

    def _read(self, keys: Iterable[Key]) -> Iterator[Verdict]:
        places = [self._places[key][0][1:] for key in sorted(keys)]
        if self._files.local is None:
            contents = self._files.contents([name for name, _ in places])
            for (_, offset), (_, content) in zip(places, contents, strict=True):
                yield verdict_from_json(json.loads(content[offset:].partition(b"\n")[0]))
            return
        for name, offset in places:
            with self._files.fs.open(f"{self._files.root}/{name}", "rb") as file:
                file.seek(offset)
                yield verdict_from_json(json.loads(file.readline()))

    @property
    def accepted(self) -> set[str]:
        """Ids of the specimens that somebody accepts and that no adjudication says otherwise about."""
        kept = (key for key, (_, decision) in self._places.items() if decision == "accept")
        return {key[0] for key in kept if self._counts(key)}

    @property
    def judged(self) -> list[Key]:
        """By image_id and reviewer: all verdicts that are not retracted and are no adjudications."""
        return sorted(key for key, (_, said) in self._places.items() if said and key not in self._numbers)

    @property
    def reviewers(self) -> list[str]:
        """All who gave a verdict or an adjudication, in alphabetical order."""
        return sorted({reviewer for _, reviewer in self._places})
