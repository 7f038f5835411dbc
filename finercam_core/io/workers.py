"""Worker processes that do not outlive their parent, and a pause for Python's garbage collector."""

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def end_with_parent() -> None:
    """End this worker when its parent is gone, even if the parent was killed; Ctrl-C is left to the parent."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, name="finercam-parent", daemon=True).start()


def expendable() -> None:
    """Let the kernel end this process first when memory runs out, rather than the run that it works for; Linux only."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="utf-8")


def processors() -> int:
    """Number of processors that this process may use, at most 16."""
    return min(16, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


@contextmanager
def no_collections() -> Iterator[None]:
    """Pause the garbage collector, which would go through all new objects again and again.

    For work of about a second that makes 100,000 objects and drops few: the collector would take a third of the time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
