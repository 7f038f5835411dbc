"""Processes that a `finercam` command starts end with it, also when it is killed and could not say so."""

import ctypes
import os
import signal
import sys
import threading
import time

SERVE = "FINERCAM_SERVED_BY"  # process id of `finercam serve`, in the environment of everything below it
COMMAND = "FINERCAM_COMMAND"  # process id of any `finercam` command, in the environment of what it starts
_PR_SET_PDEATHSIG = 1


def lead(variable: str = SERVE) -> None:
    """Make this process the one that its children end with."""
    os.environ[variable] = str(os.getpid())


def follow() -> None:
    """End with the command if this process was started by it; elsewhere do nothing.

    The package calls this when it is imported. That is the first thing that processes of `finercam serve` do, and
    Prefect's temporary server, which a command starts where there is no standing one, imports the package as one of
    Prefect's collections.
    """
    served_by = _named(SERVE)
    leader = served_by or _named(COMMAND)
    if leader is None:
        return
    if os.getppid() == leader:
        _end_with_serve(leader) if served_by else _watch_beside(leader)
        if os.getppid() != leader:  # it ended in between
            os._exit(1)
    elif not _alive(leader):
        os._exit(1)


def _named(variable: str) -> int | None:
    """The process that the environment names, unless it is this one."""
    given = os.environ.get(variable, "")
    return int(given) if given.isdigit() and int(given) != os.getpid() else None


def _end_with_serve(leader: int) -> None:
    # Ctrl-C in the terminal reaches the whole group; it is ignored here, because `serve` ends its children in order.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        _watch_beside(leader)


def _watch_beside(leader: int) -> None:
    # What a command starts may come from a thread of it, and the system's signal is sent when that thread ends.
    threading.Thread(target=_watch, args=(leader,), name="finercam-lifeline", daemon=True).start()


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
