"""Progress of a run, from the tasks to whoever watches: a bar, a test, Prefect's artifact, the store's record."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

from finercam_core.store.activity import RunActivity, record_run


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


class Running:
    """Counts shards as they are done.

    Parameters
    ----------
    store : str
    planned : int
        Specimens of this run.
    runner : str
    workers : int
    """

    def __init__(self, store: str, planned: int, runner: str, workers: int) -> None:
        self._store = store
        self._start = time.monotonic()
        self.now = RunActivity(_utc(), _utc(), 0.0, planned, 0, 0, runner, workers, finished=False)
        self._artifact: UUID | None = None
        if planned:
            description = f"{planned} specimens to compute in {store}"
            created = create_progress_artifact(progress=0.0, key="progress", description=description)
            assert isinstance(created, UUID)  # a coroutine only where a loop runs
            self._artifact = created
            record_run(store, self.now)

    def add(self, done: int, failed: int) -> None:
        """Take note of a shard."""
        self._set(done=self.now.done + done, failed=self.now.failed + failed)
        if self._artifact is not None:
            share = 100 * (self.now.done + self.now.failed) / self.now.planned
            update_progress_artifact(artifact_id=self._artifact, progress=min(share, 100.0))

    def end(self) -> None:
        """Take note that the run came to its end."""
        self._set(finished=True)

    def _set(self, **changes: int) -> None:
        self.now = replace(self.now, updated=_utc(), seconds=time.monotonic() - self._start, **changes)  # type: ignore[arg-type]
        if self.now.planned:
            record_run(self._store, self.now)


def _utc() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
