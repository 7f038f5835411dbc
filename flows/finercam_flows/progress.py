"""Progress of a run in this process, from the tasks to whoever watches (a progress bar, a test)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Watcher(Protocol):
    """What wants to know how a run goes on."""

    def planned(self, specimens: int) -> None:
        """So many specimens are to be computed in this run."""

    def written(self, done: int, failed: int) -> None:
        """One more chunk is on the disk, with so many specimens done and failed."""

    def stepped(self, step: int, total: int, note: str) -> None:
        """Training, an evaluation, an atlas or an export is at this step of so many."""


_watchers: list[Watcher] = []


@contextmanager
def watch(watcher: Watcher) -> Iterator[None]:
    """Tell `watcher` about all runs of this process while the context lasts."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def report_plan(specimens: int) -> None:
    """Tell all watchers how many specimens this run will compute."""
    for watcher in _watchers:
        watcher.planned(specimens)


def report(done: int, failed: int) -> None:
    """Tell all watchers that a chunk is written."""
    for watcher in _watchers:
        watcher.written(done, failed)


def report_step(step: int, total: int, note: str = "") -> None:
    """Tell all watchers how far training, an evaluation, an atlas or an export is."""
    for watcher in _watchers:
        watcher.stepped(step, total, note)
