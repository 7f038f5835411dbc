"""The record of a run while it runs: the store's own note of its last run."""

import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from finercam_core.errors import StoreError
from finercam_core.explain.engine.shard import ShardReport
from finercam_core.store.summary import RunActivity, last_run, record_run


class RunRecord:
    """Counts the specimens of a run, shard by shard, and records them.

    A run with nothing to compute leaves the record of the run before, and notes only that it succeeded.

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
        before = _before(store)
        self.activity = RunActivity(
            _utc_now(), _utc_now(), 0.0, planned, 0, 0, runner, workers, finished=False,
            succeeded=before.succeeded if before else "",
        )  # fmt: skip
        if planned:
            record_run(store, self.activity)

    def add(self, report: ShardReport) -> None:
        """Record a shard."""
        now = self.activity
        self._update(done=now.done + report.done, failed=now.failed + report.failed, busy=now.busy + report.busy)

    def finish(self) -> None:
        """Record that the run has come to its end."""
        self._update(finished=True)

    def _update(self, **changes: Any) -> None:
        seconds = time.monotonic() - self._start
        self.activity = replace(self.activity, updated=_utc_now(), seconds=seconds, **changes)
        if self.activity.planned:
            record_run(self._store, self.activity)


def note_success(store: str) -> None:
    """Note in the record of a store's last run that a run ended well, also if it had nothing to compute."""
    before = _before(store)
    if before is not None:
        record_run(store, replace(before, succeeded=_utc_now()))


def _before(store: str) -> RunActivity | None:
    with suppress(StoreError):  # a damaged record is replaced
        return last_run(store)
    return None


def _utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
