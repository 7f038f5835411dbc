"""Verdicts that a page kept without a server, taken in from the file that it saved."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from finercam_core.errors import FinercamError, ReviewError
from finercam_core.review.intake import VerdictForm, checked_verdict, read_form, require_run
from finercam_core.review.log import ReviewLog, VerdictReader
from finercam_core.review.records import Verdict
from finercam_core.store import Store

LARGEST_FILE = 500_000_000  # bytes


@dataclass(frozen=True)
class Import:
    """What became of the verdicts of a file.

    Attributes
    ----------
    taken : int
        Verdicts that were appended.
    known : int
        Those that were in the store already: an import can be repeated.
    older : tuple of str
        Specimens on which their reviewer has given a later verdict in the store, which stays.
    refused : dict of str to str
        What is wrong with each line that was not taken, by "line 3".
    """

    taken: int
    known: int
    older: tuple[str, ...]
    refused: dict[str, str]


def import_verdicts(file: str | Path, store: Store) -> Import:
    """Append the verdicts of a file to the store's logs, each under its reviewer's name and with its own time.

    Parameters
    ----------
    file : str or Path
        One verdict a line, as a page saves them.
    store : Store

    Raises
    ------
    ReviewError
        If the file cannot be read, or a verdict in it is about another run than the store's: then none is taken.
    """
    refused: dict[str, str] = {}
    forms = dict(_forms(Path(file), refused))
    for form in forms.values():
        require_run(store, form)
    kept, logs = _Kept(store), dict[str, ReviewLog]()
    taken = known = 0
    older: list[str] = []
    for line, form in forms.items():
        if (form.reviewer, form.key) in kept.keys:
            known += 1
            continue
        try:
            verdict, time = checked_verdict(store, form), utc(form.time)
        except FinercamError as error:
            refused[line] = str(error)
            continue
        if kept.is_older(verdict, time):
            older.append(verdict.image_id)
            continue
        log = logs.setdefault(verdict.reviewer, ReviewLog(store.location, verdict.reviewer))
        kept.note(log.append(replace(verdict, revision=kept.next_revision(verdict)), time))
        taken += 1
    return Import(taken, known, tuple(older), refused)


def _forms(file: Path, refused: dict[str, str]) -> Iterator[tuple[str, VerdictForm]]:
    """The verdicts of a file by "line 3", in the order in which they were given."""
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise ReviewError(f"{file} has more than {LARGEST_FILE:,} bytes", "split it by lines")
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise ReviewError(f"{file} cannot be read: {error.strerror}", "give the file that the page saved") from error
    found: list[tuple[str, VerdictForm]] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append((f"line {number}", read_form(VerdictForm, line)))
            except ReviewError as error:
                refused[f"line {number}"] = error.problem
    yield from sorted(found, key=lambda named: named[1].time)


def utc(time: str) -> str:
    """A time in UTC as logs write it; one that cannot be, or lies ahead, is refused.

    Raises
    ------
    ReviewError
        If it is no time with a zone, or lies ahead.
    """
    try:
        given = datetime.fromisoformat(time).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ReviewError(f"{time[:40]!r} is no time", "save the file again from the page") from error
    if given > datetime.now(UTC):
        raise ReviewError(f"the verdict was given at {time}, which is still to come", "set the clock, then judge again")
    return given.isoformat(timespec="microseconds")


class _Kept:
    """What the store's logs hold: keys, and the last verdict of each reviewer on each specimen."""

    def __init__(self, store: Store) -> None:
        self.keys: set[tuple[str, str]] = set()
        self._last: dict[tuple[str, str], Verdict] = {}
        for verdict in VerdictReader(store.location).new():
            self.note(verdict)

    def note(self, verdict: Verdict) -> None:
        key = verdict.image_id, verdict.reviewer
        if verdict.key:
            self.keys.add((verdict.reviewer, verdict.key))
        if key not in self._last or self._last[key].order <= verdict.order:
            self._last[key] = verdict

    def next_revision(self, verdict: Verdict) -> int:
        last = self._last.get((verdict.image_id, verdict.reviewer))
        return 0 if last is None else last.revision + 1

    def is_older(self, verdict: Verdict, time: str) -> bool:
        last = self._last.get((verdict.image_id, verdict.reviewer))
        return last is not None and last.time > time
