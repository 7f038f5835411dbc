"""The queue of a run: a lane for each host, so that a slow host does not keep the others waiting."""

import threading
from collections import deque
from collections.abc import Sequence


class Lanes:
    """Hands out positions, host by host in turn, never more than `per_host` of one host at the same time.

    Parameters
    ----------
    hosts : sequence of str
        Host of each position.
    per_host : int
        Positions of one host that may be on their way.
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
        """Give the place of a position back."""
        with self._changed:
            self._running[host] -= 1
            self._changed.notify()

    def close(self) -> None:
        """Hand nothing more out."""
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
