"""Processes that `finercam serve` starts end with it, also when it is killed and could not say so."""

import ctypes
import os
import signal
import sys
import threading
import time

VARIABLE = "FINERCAM_SERVED_BY"  # process id of `finercam serve`, in the environment of everything below it
_PR_SET_PDEATHSIG = 1


def lead() -> None:
    """Make this process the one that its children end with."""
    os.environ[VARIABLE] = str(os.getpid())


def follow() -> None:
    """End with `finercam serve` if this process was started by it; elsewhere do nothing.

    The package calls this when it is imported, which is the first thing that such a process does. Ctrl-C in the
    terminal reaches the whole group of processes; here it is ignored, because `serve` ends its children in order.
    """
    given = os.environ.get(VARIABLE, "")
    if not given.isdigit() or int(given) == os.getpid():
        return
    leader = int(given)
    if os.getppid() == leader:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        else:
            threading.Thread(target=_watch, args=(leader,), name="finercam-lifeline", daemon=True).start()
        if os.getppid() != leader:  # it ended in between
            os._exit(1)
    elif not _alive(leader):
        os._exit(1)


def _watch(leader: int) -> None:
    while os.getppid() == leader:
        time.sleep(0.5)
    os._exit(1)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
