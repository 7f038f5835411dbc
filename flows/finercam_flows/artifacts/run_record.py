"""The record of a run while it runs: a progress bar on Prefect's pages, and the store's own note of its last run."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

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

    def __init__(self, store: str, planned: int, runner: str, workers: int) -> None:
        self._store = store
        self._start = time.monotonic()
        self.activity = RunActivity(_utc_now(), _utc_now(), 0.0, planned, 0, 0, runner, workers, finished=False)
        self._artifact: UUID | None = None
        if planned:
            description = f"{planned} specimens to compute in {store}"
            artifact = create_progress_artifact(progress=0.0, key="progress", description=description)
            assert isinstance(artifact, UUID)  # a coroutine only inside a running event loop
            self._artifact = artifact
            record_run(store, self.activity)

    def add(self, done: int, failed: int) -> None:
        """Record a shard with this many specimens done and failed."""
        self._update(done=self.activity.done + done, failed=self.activity.failed + failed)
        if self._artifact is not None:
            percent = 100 * (self.activity.done + self.activity.failed) / self.activity.planned
            update_progress_artifact(artifact_id=self._artifact, progress=min(percent, 100.0))

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
