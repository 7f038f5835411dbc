"""Work by host: a queue with a lane for each host, so that a slow host delays no other, and threads that empty it."""

import threading
from collections import deque
from collections.abc import Callable, Sequence

from finercam_core.fetch.reasons import Stopped


class HostQueue:
    """Hands out positions, one host after the other, never more than `per_host` of one host at the same time.

    Parameters
    ----------
    hosts : sequence of str
        Host of each position.
    per_host : int
        Positions of one host that may be handed out at the same time.
    """

    def __init__(self, hosts: Sequence[str], per_host: int) -> None:
        self._waiting: dict[str, deque[int]] = {}
        for position, host in enumerate(hosts):
            self._waiting.setdefault(host, deque()).append(position)
        self._running = dict.fromkeys(self._waiting, 0)
        self._per_host = per_host
        self._changed = threading.Condition()
        self._turns = deque(self._waiting)
        self.width = sum(min(per_host, len(lane)) for lane in self._waiting.values())

    def take(self) -> tuple[str, int] | None:
        """The next host and position; waits while every host is busy; None when nothing is left."""
        with self._changed:
            while self._turns:
                for _ in range(len(self._turns)):
                    host = self._turns.popleft()
                    if self._running[host] < self._per_host:
                        return host, self._hand_out(host)
                    self._turns.append(host)
                self._changed.wait()
        return None

    def done(self, host: str) -> None:
        """Mark a position of a host as finished."""
        with self._changed:
            self._running[host] -= 1
            self._changed.notify()

    def close(self) -> None:
        """Hand out nothing more."""
        with self._changed:
            self._turns.clear()
            self._changed.notify_all()

    def _hand_out(self, host: str) -> int:
        lane = self._waiting[host]
        position = lane.popleft()
        if lane:
            self._turns.append(host)
        else:
            self._changed.notify_all()
        self._running[host] += 1
        return position


def run_by_host(
    hosts: Sequence[str], work: Callable[[int, str], None], *, per_host: int, workers: int, stop: threading.Event
) -> None:
    """Call `work(position, host)` for every position, in threads, no host more often than `per_host` at once.

    Parameters
    ----------
    hosts : sequence of str
        Host of each position.
    work : callable
        May raise `Stopped`; any other exception ends the run and is raised here.
    per_host, workers : int
        Bounds.
    stop : threading.Event
        When set, no further position is started. It is also set when this function is interrupted.
    """
    queue, errors = HostQueue(hosts, per_host), []

    def worker() -> None:
        while not stop.is_set() and (taken := queue.take()):
            host, position = taken
            try:
                work(position, host)
            except Stopped:
                break
            except BaseException as error:
                errors.append(error)
                stop.set()
                queue.close()
            finally:
                queue.done(host)

    threads = [threading.Thread(target=worker, name=f"fetch-{i}") for i in range(min(workers, queue.width))]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except BaseException:  # Ctrl-C arrives here, in the main thread
        stop.set()
        queue.close()
        for thread in threads:
            if thread.is_alive():
                thread.join()
        raise
    if errors:
        raise errors[0]
