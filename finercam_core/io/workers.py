"""Worker processes that do not outlive their parent, and a pause for Python's garbage collector."""

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


def end_with_parent() -> None:
    """In a worker: end when the parent is gone, also if it was killed and could not say so; Ctrl-C is the parent's."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, name="finercam-parent", daemon=True).start()


def processors() -> int:
    """How many processors this process may use, at most 16."""
    return min(16, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


@contextmanager
def no_collections() -> Iterator[None]:
    """Make objects without the collector going through all of them again and again; it goes on afterwards.

    For work of a second or so that makes 100,000 objects and drops few: the collector would take a third of its time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
