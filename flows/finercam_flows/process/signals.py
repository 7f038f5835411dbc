"""Ctrl-C and SIGTERM end a run and its worker processes, with one sentence instead of a traceback."""

import logging
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
_KEPT = "what is finished is kept: run the same command again to go on"


class StoppedError(RunError):
    """A run was stopped by a signal.

    Parameters
    ----------
    number : int
        Number of the signal.
    """

    def __init__(self, number: int) -> None:
        name = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
        super().__init__(f"stopped by {name}", _KEPT)
        self.number = number

    @property
    def code(self) -> int:
        """Exit code of the command: 130 after Ctrl-C, 143 after SIGTERM, as shells expect."""
        return 128 + self.number


class Unwinding(BaseException):
    """Unwinds a command without Prefect; no `KeyboardInterrupt`, which typer answers itself with "Aborted!"."""


@contextmanager
def stoppable() -> Iterator[None]:
    """Within this context Ctrl-C and SIGTERM unwind a flow as Prefect's own signal does, and raise `StoppedError`.

    Prefect then reports to its server, which Ctrl-C in a terminal may have ended as well: after some seconds, or at the
    second Ctrl-C, the process ends without that. No store is damaged by it. Commands without Prefect stay without it.
    """
    received: list[int] = []
    deadline = threading.Timer(GRACE_SECONDS, lambda: _end_now(received[0]))
    deadline.daemon = True

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        if not received:
            deadline.start()
            hush()
        elif number == signal.SIGINT:
            _end_now(number)
        received.append(number)
        raise _unwinding(number)

    handled = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    previous = {number: signal.signal(number, stop) for number in handled}
    heard = logging.root.manager.disable, threading.excepthook, sys.unraisablehook
    try:
        yield
    except BaseException as error:
        if not received:
            raise
        raise StoppedError(received[0]) from error
    finally:
        deadline.cancel()
        level, threading.excepthook, sys.unraisablehook = heard
        logging.disable(level)
        for number, handler in previous.items():
            signal.signal(number, handler)


def hush() -> None:
    """Let nobody else speak any more: threads of a client whose server has ended too have nothing new to say."""
    logging.disable(logging.CRITICAL)
    threading.excepthook = lambda _: None
    sys.unraisablehook = lambda _: None


def _unwinding(number: int) -> BaseException:
    """What unwinds a flow, or a command that has no flow."""
    prefect = sys.modules.get("prefect.exceptions")
    return prefect.TerminationSignal(signal=number) if prefect else Unwinding()


def _end_now(number: int) -> NoReturn:
    for child in multiprocessing.active_children():
        child.terminate()
    stopped = StoppedError(number)
    print(f"\nfinercam: {stopped.problem}\n  {stopped.remedy}", file=sys.stderr, flush=True)
    os._exit(stopped.code)


@contextmanager
def workers_end_at_once() -> Iterator[None]:
    """If a stop ends the context, end this process's worker processes instead of waiting for their shards."""
    try:
        yield
    except Exception:
        raise
    except BaseException:
        for child in multiprocessing.active_children():
            child.terminate()
        raise
