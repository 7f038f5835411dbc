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
from finercam_flows.screen.console import Screen


class ProgressLines(Progress):
    """Progress that prints a line every few seconds where the output is a log file, in which no bar can move."""

    seconds = 10.0

    def __init__(self, *columns: ProgressColumn) -> None:
        super().__init__(*columns, console=Screen())
        self._last = -math.inf

    def update(self, task_id: TaskID, **changes: Any) -> None:
        """Update the task, and print a line if enough time has passed since the last one."""
        super().update(task_id, **changes)
        if not self.console.is_terminal and time.monotonic() - self._last > self.seconds:
            self._last = time.monotonic()
            task = self.tasks[task_id]
            total = "?" if task.total is None else f"{task.total:.0f}"
            note = task.fields["note"]
            self.console.print(f"{task.description} {task.completed:.0f}/{total} {note}", highlight=False, markup=False)


def progress_bar() -> Progress:
    """A bar with counts, elapsed and remaining time; lines of text where the output is not a terminal."""
    return ProgressLines(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", style="yellow", markup=False),
    )


class RunBar:
    """Moves a bar as a run goes on; a `RunWatcher`.

    Parameters
    ----------
    bar : Progress
        From `progress_bar`.
    steps : str
        What the bar is called in a run that counts steps instead of specimens.
    maps : str
        What it is called in a run that counts specimens.
    """

    def __init__(self, bar: Progress, steps: str, maps: str = "Evidence maps") -> None:
        self.bar = bar
        self.steps = steps
        self.maps = maps
        self.task: TaskID = bar.add_task("Planning", total=None, note="")
        self.failed = 0

    def planned(self, specimens: int) -> None:
        """Show the number of specimens that this run computes."""
        self.bar.update(self.task, description=self.maps, total=specimens)

    def written(self, done: int, failed: int) -> None:
        """Move the bar on by the specimens written."""
        self.failed += failed
        note = f"{self.failed} failed" if self.failed else ""
        self.bar.update(self.task, advance=done + failed, note=note)

    def stepped(self, step: int, total: int, note: str) -> None:
        """Show how far training, an evaluation, an atlas or an export is."""
        self.bar.update(self.task, description=self.steps, completed=step, total=total, note=note)


@contextmanager
def run_bar(steps: str = "Training", maps: str = "Evidence maps") -> Iterator[None]:
    """Show the progress of the runs of this process while the context lasts.

    Parameters
    ----------
    steps, maps : str
        What the bar is called in a run that counts steps, and in one that counts specimens.

    Raises
    ------
    StoppedError
        After Ctrl-C or SIGTERM.
    """
    with stoppable(), progress_bar() as bar, watch(RunBar(bar, steps, maps)):
        yield
