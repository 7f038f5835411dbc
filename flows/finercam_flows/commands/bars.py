"""Progress bars of the long commands."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from finercam_flows.progress import watch


def progress_bar() -> Progress:
    """Bar with counts, elapsed and remaining time."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("[yellow]{task.fields[note]}"),
    )


class AnnotateBar:
    """Watcher of a run that moves a bar."""

    def __init__(self, bar: Progress) -> None:
        self.bar = bar
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


@contextmanager
def annotate_bar() -> Iterator[None]:
    """Show the progress of the runs of this process while the context lasts."""
    with progress_bar() as bar, watch(AnnotateBar(bar)):
        yield
