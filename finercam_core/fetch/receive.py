"""Write what comes into the partial file, within the limits of bytes and time."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO

from finercam_core.fetch.reasons import FetchFailure, Reason, Stopped

Received = Callable[[int], None]


@dataclass(frozen=True)
class Allowance:
    """What one image may still take: bytes in all, time until `deadline` (of `time.monotonic`), and whether to stop."""

    max_bytes: int
    deadline: float
    stop: threading.Event
    received: Received

    def check(self, size: int) -> None:
        """Raise if a limit is passed.

        Raises
        ------
        FetchFailure
            TOO_MANY_BYTES or TIMEOUT.
        Stopped
            The run ends.
        """
        if self.stop.is_set():
            raise Stopped
        if size > self.max_bytes:
            raise FetchFailure(Reason.TOO_MANY_BYTES, f"more than {self.max_bytes:,} bytes")
        if time.monotonic() > self.deadline:
            raise FetchFailure(Reason.TIMEOUT, "the time for one image is over", retry=False)


def receive(blocks: Iterable[bytes], file: IO[bytes], allowance: Allowance) -> int:
    """Append blocks to an open file; returns its size. What was written stays when a limit is passed."""
    size = file.tell()
    allowance.check(size)
    for block in blocks:
        allowance.check(size + len(block))
        file.write(block)
        size += len(block)
        allowance.received(len(block))
    return size
