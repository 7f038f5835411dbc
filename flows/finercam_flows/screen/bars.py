"""Progress bars of the long commands."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from finercam_flows.process.signals import stoppable
from finercam_flows.progress import watch


class ProgressLines(Progress):
    """Progress for a log file: instead of a bar that moves, a line every few seconds."""

    seconds = 10.0

    def __init__(self, *columns: ProgressColumn) -> None:
        super().__init__(*columns)
        self._last = -math.inf

    def update(self, task_id: TaskID, **changes: Any) -> None:
        """Take the changes and print a line if the last one is a while ago."""
        super().update(task_id, **changes)
        if not self.console.is_terminal and time.monotonic() - self._last > self.seconds:
            self._last = time.monotonic()
            task = self.tasks[task_id]
            total = "?" if task.total is None else f"{task.total:.0f}"
            note = task.fields["note"]
            self.console.print(f"{task.description} {task.completed:.0f}/{total} {note}", highlight=False)


def progress_bar() -> Progress:
    """Bar with counts, elapsed and remaining time; lines where the output is no terminal."""
    return ProgressLines(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("[yellow]{task.fields[note]}"),
    )


class RunBar:
    """Watcher of a run that moves a bar."""

    def __init__(self, bar: Progress, steps: str) -> None:
        self.bar = bar
        self.steps = steps
        self.task: TaskID = bar.add_task("Planning", total=None, note="")
        self.failed = 0

    def planned(self, specimens: int) -> None:
        """Show the number of specimens that this run computes."""
        self.bar.update(self.task, description="Evidence maps", total=specimens)

    def written(self, done: int, failed: int) -> None:
        """Move on by one chunk."""
        self.failed += failed
        note = f"{self.failed} failed" if self.failed else ""
        self.bar.update(self.task, advance=done + failed, note=note)

    def stepped(self, step: int, total: int, note: str) -> None:
        """Show how far training, an evaluation, an atlas or an export is."""
        self.bar.update(self.task, description=self.steps, completed=step, total=total, note=note)


@contextmanager
def run_bar(steps: str = "Training") -> Iterator[None]:
    """Show the progress of the runs of this process while the context lasts; `steps` names runs that count steps.

    Raises
    ------
    StoppedError
        After Ctrl-C or SIGTERM.
    """
    with stoppable(), progress_bar() as bar, watch(RunBar(bar, steps)):
        yield
