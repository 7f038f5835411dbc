"""Processes that a `finercam` command starts end with it, even when it is killed."""

import ctypes
import os
import signal
import sys
import threading
import time

# Environment variables with the process id of `finercam serve` and of any `finercam` command, for what they start.
SERVE = "FINERCAM_SERVED_BY"
COMMAND = "FINERCAM_COMMAND"
_PR_SET_PDEATHSIG = 1


def lead(variable: str = SERVE) -> None:
    """Make the processes that this one starts end with it."""
    os.environ[variable] = str(os.getpid())


def follow() -> None:
    """End with the command if it started this process; otherwise do nothing.

    The package calls this when it is imported. That is the first thing that processes of `finercam serve` do, and
    Prefect's temporary server, which a command starts where no server is running, imports the package as one of
    Prefect's collections.
    """
    serve = _process_in(SERVE)
    leader = serve or _process_in(COMMAND)
    if leader is None:
        return
    if os.getppid() == leader:
        _end_with_serve(leader) if serve else _start_watching(leader)
        if os.getppid() != leader:  # it has ended since the first look
            os._exit(1)
    elif not _alive(leader):
        os._exit(1)


def _process_in(variable: str) -> int | None:
    """The process id in an environment variable, unless it is that of this process."""
    value = os.environ.get(variable, "")
    return int(value) if value.isdigit() and int(value) != os.getpid() else None


def _end_with_serve(leader: int) -> None:
    # Ctrl-C in the terminal reaches the whole group; ignored here, because `serve` ends its children in order.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        _start_watching(leader)


def _start_watching(leader: int) -> None:
    # Not by PR_SET_PDEATHSIG: a thread of the command may be the parent, and the signal is sent when that thread ends.
    threading.Thread(target=_watch, args=(leader,), name="finercam-lifeline", daemon=True).start()


def _watch(leader: int) -> None:
    while os.getppid() == leader:
        time.sleep(0.5)
    os._exit(1)


def _alive(process: int) -> bool:
    if sys.platform == "win32":  # there os.kill with signal 0 sends Ctrl-C
        return _alive_on_windows(process)
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _alive_on_windows(process: int) -> bool:
    """Whether a process exists and has not ended, by its handle."""
    synchronise, still_running = 0x00100000, 0x00000102
    kernel = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined]
    handle = kernel.OpenProcess(synchronise, False, process)
    if not handle:
        return False
    try:
        return bool(kernel.WaitForSingleObject(handle, 0) == still_running)
    finally:
        kernel.CloseHandle(handle)
