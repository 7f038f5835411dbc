"""Progress of the runs of this process, from the tasks to whoever watches: a progress bar or a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class RunWatcher(Protocol):
    """What wants to know how far a run is."""

    def planned(self, specimens: int) -> None:
        """A run is about to compute this many specimens."""

    def written(self, done: int, failed: int) -> None:
        """More chunks are on the disk: this many specimens are done, this many failed."""

    def stepped(self, step: int, total: int, note: str) -> None:
        """Training, an evaluation, an atlas or an export has reached this step out of `total`."""


_watchers: list[RunWatcher] = []


@contextmanager
def watch(watcher: RunWatcher) -> Iterator[None]:
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


def report_written(done: int, failed: int) -> None:
    """Tell all watchers how many specimens were written since the last call."""
    for watcher in _watchers:
        watcher.written(done, failed)


def report_step(step: int, total: int, note: str = "") -> None:
    """Tell all watchers how far training, an evaluation, an atlas or an export is."""
    for watcher in _watchers:
        watcher.stepped(step, total, note)
