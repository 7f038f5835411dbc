"""The record of a run on Prefect's pages: a progress bar beside the store's own note."""

from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

from finercam_core.errors import counted
from finercam_core.explain.engine.shard import ShardReport
from finercam_flows.direct.run_record import RunRecord


class ProgressRecord(RunRecord):
    """A `RunRecord` that Prefect's pages show as well."""

    def __init__(self, store: str, planned: int, runner: str, workers: int) -> None:
        super().__init__(store, planned, runner, workers)
        self._artifact: UUID | None = None
        if planned:
            description = f"{counted(planned, 'specimen')} to compute in {store}"
            artifact = create_progress_artifact(progress=0.0, key="progress", description=description)
            assert isinstance(artifact, UUID)  # a coroutine only inside a running event loop
            self._artifact = artifact

    def add(self, report: ShardReport) -> None:
        """Record a shard."""
        super().add(report)
        if self._artifact is not None:
            percent = 100 * (self.activity.done + self.activity.failed) / self.activity.planned
            update_progress_artifact(artifact_id=self._artifact, progress=min(percent, 100.0))
