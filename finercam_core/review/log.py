"""The logs of verdicts in a store: one file per reviewer and session, only ever appended to."""

import json
import os
import re
import uuid
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from finercam_core.errors import ReviewError
from finercam_core.io.disk.steps import sync_folder
from finercam_core.io.files import Files
from finercam_core.io.workers import no_collections
from finercam_core.review.records import Verdict, verdict_from_json
from finercam_core.store.integrity.lines import checked_line
from finercam_core.store.layout import REVIEWS

_NOT_A_VERDICT = (ValueError, TypeError, KeyError, ReviewError)


class ReviewLog:
    """Appends one reviewer's verdicts to a file of its own in the store.

    Parameters
    ----------
    location : str or Path
        The store, on a local disk.
    reviewer : str

    Attributes
    ----------
    path : Path
        The file.

    Raises
    ------
    ReviewError
        If the store is not on this machine's disk.
    """

    def __init__(self, location: str | Path, reviewer: str) -> None:
        local = Files(location).local
        if local is None:
            raise ReviewError(f"{location} is not on this machine's disk", "copy the store, or mount it, to review it")
        plain = re.sub(r"[^\w\-]+", "_", reviewer)[:60] or "reviewer"
        self.path = local / REVIEWS / f"{plain}-{uuid.uuid4().hex[:8]}.jsonl"
        self.reviewer = reviewer
        self._listed = False  # whether the folders that name the file are on the disk

    def append(self, verdict: Verdict, time: str = "") -> Verdict:
        """Write a verdict to the disk before returning; returns it with its time.

        A line that an earlier write left without its end, as on a full disk, is finished or cut off first.

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
        line = checked_line(asdict(stamped)) + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+") as file:
                _end_last_line(file)
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            if not self._listed:
                sync_folder(self.path.parent)
                sync_folder(self.path.parent.parent)
                self._listed = True
        except OSError as error:
            raise ReviewError(
                f"{self.path} cannot be written: {error.strerror}", "make room on the disk, or make it writable"
            ) from error
        return stamped


def _end_last_line(file: IO[bytes]) -> None:
    """Finish a last line that lacks its end if it is a whole verdict, else cut it off.

    Nobody was told that what is cut off is kept, and readers, who take whole verdicts alone, have not read it.
    """
    file.seek(0)
    content = file.read()
    last = content[content.rfind(b"\n") + 1 :]
    if is_whole(last):
        file.write(b"\n")
    elif last:
        file.truncate(len(content) - len(last))


def is_whole(line: bytes) -> bool:
    """Whether a line without its end is a verdict; no part of a JSON object is one."""
    try:
        verdict_from_json(json.loads(line.decode()))
    except _NOT_A_VERDICT:
        return False
    return True


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
        names = [name for name in self._files.names(REVIEWS) if name.endswith(".jsonl")]
        with no_collections():
            verdicts = [verdict for name in names for verdict in self._rest(name)]
        return sorted(verdicts, key=lambda verdict: verdict.time)

    def _rest(self, name: str) -> Iterable[Verdict]:
        offset, number = self._read.get(name, (0, 0))
        content = self._files.read(name, offset)
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
            except _NOT_A_VERDICT as error:
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
