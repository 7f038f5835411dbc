"""One writer per store: who may write, who asks whether somebody does, and who finds out that it may no longer."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from finercam_core.errors import StoreError
from finercam_core.io.files import Files
from finercam_core.store.layout import LOCK
from finercam_core.store.leases.bucket import Lease
from finercam_core.store.leases.disk import TIMING, DiskLease, is_gone, is_taken, read_lease, renewed
from finercam_core.store.leases.timing import LeaseTiming, lost
from finercam_core.store.runs import base_of

__all__ = ["Hold", "Lease", "LeaseTiming", "busy", "check_held", "exclusive", "is_held", "lent"]


class Hold(Protocol):
    """The right to write to a store.

    Attributes
    ----------
    token : str
        Names its owner; worker processes that write on its behalf are given it, see `lent`.
    """

    token: str

    def check(self) -> None:
        """Raise `StoreError` if the right was lost to another run meanwhile."""


_held: dict[str, Hold] = {}


@contextmanager
def exclusive(location: str | Path) -> Iterator[Hold]:
    """Hold the right to write to a store and to the runs beside it; a second writer is refused.

    On a disk the right dies with its process, see `DiskLease`. On an object store it is a lease that a thread renews; a
    writer that finds one watches it for a while by its own clock: if it is renewed, another run is alive; otherwise the
    writer takes the lease over.

    Raises
    ------
    StoreError
        If another process is writing to the store, or the store cannot be written.
    """
    files = Files(base_of(str(location)))
    lease = _acquired(files)
    _held[files.location] = lease
    try:
        yield lease
    finally:
        del _held[files.location]
        lease.release()


def _acquired(files: Files) -> DiskLease | Lease:
    lease: DiskLease | Lease
    if files.local is None:
        lease = Lease(files, LOCK)
        taken = lease.acquire()
    else:
        try:
            files.local.mkdir(parents=True, exist_ok=True)
            lease = DiskLease(files.local)
            taken = lease.acquire()
        except OSError as error:
            raise StoreError(
                f"{files.location} cannot be written: {error}", "choose a folder that you may write to"
            ) from error
    if not taken:
        raise busy(files.location)
    return lease


@contextmanager
def lent(location: str | Path, token: str) -> Iterator[None]:
    """Write on behalf of a run in another process: while that run has its lease, and no longer.

    Parameters
    ----------
    location : str or Path
        The store, or a run beside it.
    token : str
        The run's; "" for none, which checks nothing.
    """
    base = base_of(str(location))
    if not token or base in _held:
        yield
        return
    _held[base] = _LentHold(Files(base), token)
    try:
        yield
    finally:
        del _held[base]


class _LentHold:
    """What a worker process has of its run's lease: the token."""

    def __init__(self, files: Files, token: str) -> None:
        self._files, self.token = files, token

    def check(self) -> None:
        if self._files.local is not None:
            taken = is_taken(self._files.local, self.token)
        else:
            try:
                taken = not self._files.read(LOCK).decode().startswith(f"{self.token} ")
            except FileNotFoundError:
                taken = False
        if taken:
            raise lost(self._files.location)


def check_held(location: str) -> None:
    """Raise `StoreError` if this process, or the run that it works for, has lost the store to another run."""
    hold = _held.get(base_of(location)) if _held else None
    if hold is not None:
        hold.check()


def is_held(location: str | Path) -> bool | None:
    """Whether a run is writing to a store now; nothing is taken, so that no run is ever refused because of a question.

    Returns
    -------
    bool, or None where it cannot be said: on object storage, and for a run of another machine or one that was stopped.
    """
    files = Files(base_of(str(location)))
    if files.location in _held:
        return True
    if files.local is None:
        return None
    record = read_lease(files.local)
    if not record or record["released"] or is_gone(record):
        return False
    return {True: True, None: False, False: None}[renewed(files.local, 3 * TIMING.renew)]


def busy(location: str) -> StoreError:
    """The error of a second run."""
    return StoreError(f"another run is writing to {location}", "wait for it to end, or choose another store")
