"""The last run of a store: when, how fast, on what; shown by `finercam info`, irrelevant for what is stored."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from finercam_core.io.files import Files

LAST_RUN = "last_run.json"


@dataclass(frozen=True)
class RunActivity:
    """Progress of a run, or how it ended.

    Attributes
    ----------
    started, updated : str
        ISO 8601, UTC.
    seconds : float
        Spent on computing, by a monotonic clock.
    planned, done, failed : int
        Specimens of this run.
    runner : str
    workers : int
    finished : bool
        False while it runs, and for a run that was killed.
    """

    started: str
    updated: str
    seconds: float
    planned: int
    done: int
    failed: int
    runner: str
    workers: int
    finished: bool

    @property
    def rate(self) -> float:
        """Specimens per second."""
        return (self.done + self.failed) / self.seconds if self.seconds > 0 else 0.0


def record_run(location: str, activity: RunActivity) -> None:
    """Record the progress of the store's run."""
    Files(location).write_json(LAST_RUN, asdict(activity))


def last_run(location: str | Path) -> RunActivity | None:
    """The store's last run, or None if none was recorded."""
    files = Files(location)
    return RunActivity(**json.loads(files.read(LAST_RUN))) if files.exists(LAST_RUN) else None
