"""What is known of each host during a run: how many requests are open, and when it may be asked again."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from finercam_core.fetch.reasons import Stopped


@dataclass
class _Host:
    slots: threading.BoundedSemaphore
    resume_at: float = 0.0
    unanswered: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Hosts:
    """Bounded concurrency, pauses and silence of each host.

    Parameters
    ----------
    per_host : int
        Requests at the same time.
    give_up_after : int
        Images in a row without any answer after which a host counts as given up.
    stop : threading.Event
        Ends all waiting.
    """

    def __init__(self, per_host: int, give_up_after: int, stop: threading.Event) -> None:
        self.give_up_after = give_up_after
        self.stop = stop
        self._hosts: defaultdict[str, _Host] = defaultdict(lambda: _Host(threading.BoundedSemaphore(per_host)))
        self._lock = threading.Lock()

    @contextmanager
    def slot(self, host: str) -> Iterator[None]:
        """Hold one of the host's slots; waits while the host is paused.

        Raises
        ------
        Stopped
            If the run stops meanwhile.
        """
        known = self._of(host)
        while not known.slots.acquire(timeout=0.5):
            self._go_on()
        try:
            while (wait := known.resume_at - time.monotonic()) > 0:
                self.stop.wait(wait)
                self._go_on()
            self._go_on()
            yield
        finally:
            known.slots.release()

    def pause(self, host: str, seconds: float) -> None:
        """Send no requests to a host for a while, as its `Retry-After` demands."""
        known = self._of(host)
        with known.lock:
            known.resume_at = max(known.resume_at, time.monotonic() + seconds)

    def heard(self, host: str, *, answered: bool) -> None:
        """Record whether a request for an image was answered at all."""
        known = self._of(host)
        with known.lock:
            known.unanswered = 0 if answered else known.unanswered + 1

    def given_up(self, host: str) -> bool:
        """Whether the host left too many consecutive images unanswered."""
        return self._of(host).unanswered >= self.give_up_after

    def _of(self, host: str) -> _Host:
        with self._lock:
            return self._hosts[host]

    def _go_on(self) -> None:
        if self.stop.is_set():
            raise Stopped
