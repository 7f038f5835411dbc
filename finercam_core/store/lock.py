"""One writer a store: an operating system lock, which dies with the process that held it."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from finercam_core.errors import StoreError
from finercam_core.store.files import Files
from finercam_core.store.layout import LOCK


@contextmanager
def exclusive(location: str | Path) -> Iterator[None]:
    """Hold the right to write to a store; a second writer on this machine is refused at once.

    Raises
    ------
    StoreError
        If another process is writing to the store, or its folder cannot be written.
    """
    lock = FileLock(_lock_file(Files(location)))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise StoreError(
            f"another run is writing to {location}", "wait for it to end, or choose another store"
        ) from error
    except OSError as error:
        raise StoreError(f"{location} cannot be written: {error}", "choose a folder that you may write to") from error
    try:
        yield
    finally:
        lock.release()


def _lock_file(files: Files) -> Path:
    if files.local is None:
        # An object store has no locks; one on this machine keeps its own runs apart.
        name = hashlib.sha256(files.location.encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"finercam-{name}.lock"
    try:
        files.local.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"{files.location} cannot be made: {error}", "choose a folder that you may write to"
        ) from error
    return files.local / LOCK
