"""One writer per store: a lock of the operating system on a disk, a renewed lease on an object store."""

import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from finercam_core.errors import StoreError
from finercam_core.io.faults import store_errors
from finercam_core.io.files import Files
from finercam_core.store.layout import LOCK
from finercam_core.store.runs import base_of


@dataclass(frozen=True)
class LeaseTiming:
    """How long a lease lives, in seconds of each process's own monotonic clock.

    Parameters
    ----------
    renew : float
        The owner renews this often.
    watch : float
        A challenger takes a lease that was not renewed for this long.
    """

    renew: float = 8.0
    watch: float = 40.0


class Lease:
    """The right to write, as an object below a store.

    No clocks are compared: a challenger remembers the lease's entity tag and watches, by its own monotonic clock,
    whether it changes. Every change is a conditional write (``If-None-Match: *`` to create, ``If-Match`` to renew or
    take over), so that only one of several challengers wins, and an owner that overslept its lease notices.

    Parameters
    ----------
    files : Files
        The store.
    name : str
        Name of the object.
    timing : LeaseTiming
    """

    def __init__(self, files: Files, name: str, timing: LeaseTiming | None = None) -> None:
        self._files, self._path = files, f"{files.root}/{name}"
        self._timing = timing or LeaseTiming()
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex}"
        self._count = 0
        self._tag = ""
        self._lost = False
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def acquire(self) -> bool:
        """Take the lease if nobody has it or its owner is dead; False if its owner is alive."""
        with store_errors(self._files.location):
            taken = self._put({"IfNoneMatch": "*"}) or self._inherit()
        if taken:
            self._thread = threading.Thread(target=self._keep, name="finercam-lease", daemon=True)
            self._thread.start()
        return taken

    def check(self) -> None:
        """Raise `StoreError` if another run has taken the lease, or if it could not be renewed for a long time."""
        if self._lost:
            raise StoreError(
                f"another run took {self._files.location} over while this one was asleep or cut off",
                "wait for the other run to end; what this run finished is kept",
            )

    def release(self) -> None:
        """Give the lease back."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()
        if not self._lost and self._current_tag() == self._tag:
            with store_errors(self._files.location):
                self._files.fs.rm_file(self._path)

    def _inherit(self) -> bool:
        """Watch another owner's lease; take it over only if it does not change for the whole time."""
        before, deadline = self._current_tag(), time.monotonic() + self._timing.watch
        while before and time.monotonic() < deadline:
            time.sleep(self._timing.renew / 8)
            if (tag := self._current_tag()) != before:
                # Renewed: its owner is alive. Gone: it ended, and whoever creates the next one first owns it.
                return not tag and self._put({"IfNoneMatch": "*"})
        return self._put({"IfMatch": before} if before else {"IfNoneMatch": "*"})

    def _keep(self) -> None:
        """Renew until the end; a refused renewal means that another run owns the lease."""
        renewed = time.monotonic()
        while not self._end.wait(self._timing.renew):
            try:
                self._lost = not self._put({"IfMatch": self._tag})
                renewed = time.monotonic()
            except Exception:
                # Cut off for a moment: keep trying until a challenger could have given this owner up.
                self._lost = time.monotonic() - renewed > self._timing.watch / 2
            if self._lost:
                return

    def _put(self, condition: dict[str, str]) -> bool:
        """Write the lease under a condition; returns whether the condition held."""
        self._count += 1
        try:
            done = self._files.fs.pipe_file(self._path, f"{self._owner} {self._count}\n".encode(), **condition)
        except (FileExistsError, FileNotFoundError):
            return False
        except OSError as error:
            if "PreconditionFailed" in _codes(error) or "ConditionalRequestConflict" in _codes(error):
                return False
            raise
        self._tag = str(done["ETag"])
        return True

    def _current_tag(self) -> str:
        """Current entity tag of the lease, "" if there is no lease."""
        try:
            return str(self._files.fs.info(self._path, refresh=True)["ETag"])
        except FileNotFoundError:
            return ""


def _codes(error: OSError) -> str:
    """Text that contains the object store's own error code, however s3fs wrapped it."""
    response = getattr(error.__cause__, "response", None) or {}
    return f"{response.get('Error', {}).get('Code', '')} {error}"


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
