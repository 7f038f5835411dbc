"""The progress bar of a fetch: files, rate, remaining time, failures."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from rich.filesize import decimal
from rich.progress import Progress

from finercam_flows.screen.bars import progress_bar


class TransferRate:
    """Bytes per second, averaged over the last seconds.

    Parameters
    ----------
    window : float
        Seconds to average over.
    """

    def __init__(self, window: float = 10.0) -> None:
        self.window = window
        self.total = 0
        self._counts: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])

    def add(self, count: int) -> None:
        """Count bytes that have just been received."""
        self.total += count
        now = time.monotonic()
        if now - self._counts[-1][0] > 0.2:
            self._counts.append((now, self.total))
        while len(self._counts) > 1 and now - self._counts[0][0] > self.window:
            self._counts.popleft()

    def __float__(self) -> float:
        start, before = self._counts[0]
        return (self.total - before) / max(0.2, time.monotonic() - start)


class FetchBar:
    """Moves a bar as files are fetched; a `finercam_core.fetch.FetchWatcher`.

    Parameters
    ----------
    bar : Progress
        From `progress_bar`.
    """

    def __init__(self, bar: Progress) -> None:
        self.bar = bar
        self.task = bar.add_task("Looking for files that exist", total=None, note="")
        self._rate = TransferRate()
        self._failed = 0
        self._lock = threading.Lock()

    def planned(self, files: int, there: int, failed: int) -> None:
        """Show the number of files that this run requests."""
        notes = [f"{there} exist"] * bool(there) + [f"{failed} failed before"] * bool(failed)
        self.bar.update(self.task, description="Files", total=files, note=", ".join(notes))

    def received(self, count: int) -> None:
        """Count bytes; the bar shows them when the next file is settled."""
        with self._lock:
            self._rate.add(count)

    def settled(self, *, good: bool) -> None:
        """Move the bar on by one file."""
        with self._lock:
            self._failed += not good
            rate, total, failed = float(self._rate), self._rate.total, self._failed
        note = f"{decimal(total)}, {decimal(int(rate))}/s" + f", {failed} failed" * bool(failed)
        self.bar.update(self.task, advance=1, note=note)


@contextmanager
def fetch_bar() -> Iterator[FetchBar]:
    """Show the progress of a fetch while the context lasts."""
    with progress_bar() as bar:
        yield FetchBar(bar)
