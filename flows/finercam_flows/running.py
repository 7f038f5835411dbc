"""What a run of `annotate` tells about itself while it goes on: a progress artifact, and its rate in the store."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

from finercam_core.store.activity import RunActivity, record_run


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
