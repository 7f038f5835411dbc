"""One writer per store: a lock of the operating system on a disk, a lease that is kept alive on an object store."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from finercam_core.errors import StoreError
from finercam_core.io.files import Files
from finercam_core.store.layout import LOCK
from finercam_core.store.lease import Lease
from finercam_core.store.runs import base_of

_PATIENCE = 0.5  # seconds: `is_held` takes the lock for a moment


class Hold(Protocol):
    """The right to write to a store."""

    def check(self) -> None:
        """Raise `StoreError` if the right was lost to another run meanwhile."""


class _Disk:
    """Held as long as the process lives; the operating system ensures it."""

    def check(self) -> None:
        """Nothing can be lost."""


_held: dict[str, Hold] = {}


@contextmanager
def exclusive(location: str | Path) -> Iterator[Hold]:
    """Hold the right to write to a store and to the runs beside it; a second writer is refused.

    On a disk the right dies with its process. On an object store it is a lease that a thread renews; a writer that
    finds one watches it for a while by its own clock: if it is renewed, another run is alive; otherwise the writer
    takes the lease over.

    Raises
    ------
    StoreError
        If another process is writing to the store, or the store cannot be written.
    """
    files = Files(base_of(str(location)))
    held = _on_disk(files) if files.local is not None else _on_object_store(files)
    with held as hold:
        _held[files.location] = hold
        try:
            yield hold
        finally:
            del _held[files.location]


def check_held(location: str) -> None:
    """Raise `StoreError` if this process held the store's lease and lost it; it must not write any more."""
    hold = _held.get(base_of(location)) if _held else None
    if hold is not None:
        hold.check()


def is_held(location: str | Path) -> bool | None:
    """Whether a run is writing to a store now; None where finding out takes too long, as on object storage."""
    files = Files(base_of(str(location)))
    if files.local is None or not (files.local / LOCK).exists():
        return None if files.local is None else False
    lock = FileLock(files.local / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:  # this user may not write there, and cannot find out
        return None
    lock.release()
    return False


@contextmanager
def _on_disk(files: Files) -> Iterator[Hold]:
    assert files.local is not None
    try:
        files.local.mkdir(parents=True, exist_ok=True)
        lock = FileLock(files.local / LOCK)
        lock.acquire(timeout=_PATIENCE, poll_interval=_PATIENCE / 10)
    except Timeout as error:
        raise busy(files.location) from error
    except OSError as error:
        raise StoreError(
            f"{files.location} cannot be written: {error}", "choose a folder that you may write to"
        ) from error
    try:
        yield _Disk()
    finally:
        lock.release()


@contextmanager
def _on_object_store(files: Files) -> Iterator[Hold]:
    lease = Lease(files, LOCK)
    if not lease.acquire():
        raise busy(files.location)
    try:
        yield lease
    finally:
        lease.release()


def busy(location: str) -> StoreError:
    """The error of a second run."""
    return StoreError(f"another run is writing to {location}", "wait for it to end, or choose another store")
