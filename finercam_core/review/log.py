"""The logs of verdicts in a store, a reviewer's and session's own each, only ever appended to."""

import json
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from finercam_core.errors import ReviewError
from finercam_core.io.files import Files
from finercam_core.io.workers import no_collections
from finercam_core.review.appending import NOT_A_VERDICT, DiskLines, Lines, ObjectLines, is_whole
from finercam_core.review.records import Verdict, verdict_from_json
from finercam_core.store.integrity.lines import checked_line
from finercam_core.store.layout import REVIEWS


class ReviewLog:
    """Appends one reviewer's verdicts to a log of its own in the store.

    On a disk that is a file, in an object store a folder with one object for each verdict.

    Parameters
    ----------
    location : str or Path
        The store.
    reviewer : str

    Attributes
    ----------
    name : str
        The log's, below the store: that of the file without its ending, or that of the folder.
    """

    def __init__(self, location: str | Path, reviewer: str) -> None:
        files = Files(location)
        plain = re.sub(r"[^\w\-]+", "_", reviewer)[:60] or "reviewer"
        self.name, self.reviewer = f"{REVIEWS}/{plain}-{uuid.uuid4().hex[:8]}", reviewer
        local = files.local
        self._lines: Lines = ObjectLines(files, self.name) if local is None else DiskLines(local / f"{self.name}.jsonl")

    @property
    def path(self) -> Path:
        """The file, on a disk."""
        assert isinstance(self._lines, DiskLines)
        return self._lines.path

    def append(self, verdict: Verdict, time: str = "") -> Verdict:
        """Write a verdict so that it is kept before returning; returns it with its time.

        Parameters
        ----------
        verdict : Verdict
        time : str
            When it was given, where that was before now.

        Raises
        ------
        ReviewError
            If it cannot be written.
        """
        stamped = replace(verdict, time=time or datetime.now(UTC).isoformat(timespec="microseconds"))
        self._lines.append(checked_line(asdict(stamped)) + b"\n")
        return stamped


class VerdictReader:
    """Reads a store's logs, and later only what others have appended since.

    A last line that a crash cut off is not read, one that lacks only its end is. Lines that are not verdicts are
    skipped and named in `problems`.

    Parameters
    ----------
    location : str or Path

    Attributes
    ----------
    problems : list of str
        A sentence for each unreadable line.
    """

    def __init__(self, location: str | Path) -> None:
        self.problems: list[str] = []
        self._files = Files(location)
        self._read: dict[str, tuple[int, int]] = {}

    def new(self) -> list[Verdict]:
        """Verdicts of all reviewers that were not read before, in the order of their times."""
        with no_collections():
            verdicts = [verdict for name, content in self._added() for verdict in self._rest(name, content)]
        return sorted(verdicts, key=lambda verdict: verdict.time)

    def _added(self) -> Iterator[tuple[str, bytes]]:
        """Each log with what it holds after the part that was read before."""
        if self._files.local is not None:
            for name in self._files.names(REVIEWS):
                if name.endswith(".jsonl"):
                    yield name, self._files.read(name, self._offset(name))
            return
        sizes = self._files.sizes(REVIEWS)
        grown = [name for name, size in sizes.items() if name.endswith(".jsonl") and size > self._offset(name)]
        for name, content in zip(grown, self._files.read_many(grown), strict=True):
            yield name, (content or b"")[self._offset(name) :]

    def _offset(self, name: str) -> int:
        return self._read.get(name, (0, 0))[0]

    def _rest(self, name: str, content: bytes) -> Iterable[Verdict]:
        offset, number = self._read.get(name, (0, 0))
        last = content[content.rfind(b"\n") + 1 :]
        end = len(content) if is_whole(last) else len(content) - len(last)
        if end <= 0:
            return
        lines = content[:end].split(b"\n")
        self._read[name] = offset + end, number + len(lines) - 1
        for line_number, line in enumerate(lines, number + 1):
            if not line.strip():
                continue
            try:
                yield verdict_from_json(json.loads(line.decode()))
            except NOT_A_VERDICT as error:
                self.problems.append(f"line {line_number} of {name} is not a verdict: {error}")


def read_verdicts(location: str | Path) -> list[Verdict]:
    """All verdicts in a store, of all reviewers, in the order of their times.

    A last line that a crash cut off is left out; any other unreadable line is an error.

    Raises
    ------
    ReviewError
        If a line is not a verdict.
    """
    reader = VerdictReader(location)
    verdicts = reader.new()
    if reader.problems:
        raise ReviewError(reader.problems[0], "fix or remove the line")
    return verdicts


def latest(verdicts: Iterable[Verdict]) -> dict[tuple[str, str], Verdict]:
    """The last verdict of each reviewer on each specimen, by (image_id, reviewer); retracted ones are left out."""
    last: dict[tuple[str, str], Verdict] = {}
    for verdict in sorted(verdicts, key=lambda verdict: verdict.order):
        last[verdict.image_id, verdict.reviewer] = verdict
    return {key: verdict for key, verdict in last.items() if verdict.decision}
