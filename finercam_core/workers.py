"""Worker processes that do not outlive their parent. Without torch, so that they start in a moment."""

import multiprocessing
import os
import threading


def end_with_parent() -> None:
    """In a worker: end when the parent is gone, also if it was killed and could not say so."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, name="finercam-parent", daemon=True).start()
