"""Ctrl-C and SIGTERM end a run in one sentence, and its worker processes with it."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from finercam_core.errors import RunError

GRACE_SECONDS = 8.0
_KEPT = "what is finished is kept: run the same again to go on"


class StoppedError(RunError):
    """Somebody stopped the run.

    Parameters
    ----------
    number : int
        The signal.
    """

    def __init__(self, number: int) -> None:
        by = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
        super().__init__(f"stopped by {by}", _KEPT)
        self.number = number

    @property
    def code(self) -> int:
        """What the command exits with: 130 after Ctrl-C, 143 after SIGTERM, as shells expect."""
        return 128 + self.number


@contextmanager
def stoppable() -> Iterator[None]:
    """Within this context Ctrl-C and SIGTERM unwind a flow like a signal of Prefect's, and come out as `StoppedError`.

    Prefect wants to tell its server, which Ctrl-C in a terminal may have ended as well: after some seconds, or at the
    second Ctrl-C, the process ends without it. A store takes no harm from that.
    """
    from prefect.exceptions import TerminationSignal

    asked: list[int] = []
    patience = threading.Timer(GRACE_SECONDS, lambda: _end_now(asked[0]))
    patience.daemon = True

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        if not asked:
            patience.start()
        elif number == signal.SIGINT:
            _end_now(number)
        asked.append(number)
        raise TerminationSignal(signal=number)

    numbers = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    except (Exception, TerminationSignal) as error:
        if not asked:
            raise
        raise StoppedError(asked[0]) from error
    finally:
        patience.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_now(number: int) -> NoReturn:
    for child in multiprocessing.active_children():
        child.terminate()
    stopped = StoppedError(number)
    print(f"\nfinercam: {stopped.problem}\n  {stopped.remedy}", file=sys.stderr, flush=True)
    os._exit(stopped.code)


@contextmanager
def workers_end_at_once() -> Iterator[None]:
    """If the context is left by a stop, end this process's worker processes instead of waiting for their shards."""
    try:
        yield
    except Exception:
        raise
    except BaseException:
        for child in multiprocessing.active_children():
            child.terminate()
        raise
