"""The record of a run while it runs: the store's own note of its last run."""

import time
from dataclasses import replace
from datetime import UTC, datetime

from finercam_core.store.summary import RunActivity, record_run


class RunRecord:
    """Counts the specimens of a run, shard by shard, and records them; a run with nothing to compute leaves no record.

    Parameters
    ----------
    store : str
    planned : int
        Specimens to compute in this run.
    runner : str
        "local", "dask" or the address of a Dask scheduler.
    workers : int
        Worker processes.

    Attributes
    ----------
    activity : RunActivity
        How far the run is.
    """

    def __init__(self, store: str, planned: int, runner: str = "local", workers: int = 1) -> None:
        self._store = store
        self._start = time.monotonic()
        self.activity = RunActivity(_utc_now(), _utc_now(), 0.0, planned, 0, 0, runner, workers, finished=False)
        if planned:
            record_run(store, self.activity)

    def add(self, done: int, failed: int) -> None:
        """Record a shard with this many specimens done and failed."""
        self._update(done=self.activity.done + done, failed=self.activity.failed + failed)

    def finish(self) -> None:
        """Record that the run has come to its end."""
        self._update(finished=True)

    def _update(self, **changes: int) -> None:
        seconds = time.monotonic() - self._start
        self.activity = replace(self.activity, updated=_utc_now(), seconds=seconds, **changes)  # type: ignore[arg-type]
        if self.activity.planned:
            record_run(self._store, self.activity)


def _utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
