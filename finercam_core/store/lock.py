"""One writer per store: who may write, who asks whether somebody does, and who finds out that it may no longer."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from finercam_core.errors import StoreError
from finercam_core.io.files import Files
from finercam_core.store.layout import LOCK
from finercam_core.store.leases.bucket import Lease, refuse_unconditional
from finercam_core.store.leases.claims import Claims
from finercam_core.store.leases.disk import TIMING, DiskLease, is_gone, is_taken, read_lease, renewed
from finercam_core.store.leases.members import members
from finercam_core.store.leases.timing import LeaseTiming, lost
from finercam_core.store.runs import base_of
from finercam_core.store.sharing import others, refuse_shared

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
_planning: dict[str, str] = {}
PLANNERS_WAIT = 900.0
"""Seconds that a writer which shares the store waits for another one to plan it."""


@contextmanager
def exclusive(location: str | Path, *, member: str = "") -> Iterator[Hold]:
    """Hold the right to write to a store and to the runs beside it; a second writer is refused.

    Parameters
    ----------
    location : str or Path
    member : str
        Token of a writer that shares the store, see `finercam_core.store.sharing`, and plans it now: it waits for other
        planners instead of being refused, and may not change the plan while others are alive.

    On a disk the right dies with its process, see `DiskLease`. On an object store it is a lease that a thread renews; a
    writer that finds one watches it for a while by its own clock: if it is renewed, another run is alive; otherwise the
    writer takes the lease over.

    Raises
    ------
    StoreError
        If another process is writing to the store, or the store cannot be written.
    """
    files = Files(base_of(str(location)))
    lease = _awaited(files) if member else _acquired(files)
    try:
        if member:
            others(files.location, member)  # dead ones are cleared away with what they had claimed
        else:
            refuse_shared(files.location)
        _held[files.location], _planning[files.location] = lease, member
        yield lease
    finally:
        _held.pop(files.location, None)
        _planning.pop(files.location, None)
        lease.release()


def refuse_change_of_plan(location: str) -> None:
    """Raise `StoreError` if this process plans a store that others share: their shards would be other specimens."""
    if member := _planning.get(base_of(location), ""):
        refuse_shared(location, member)


def _awaited(files: Files) -> DiskLease | Lease:
    deadline = time.monotonic() + PLANNERS_WAIT
    while True:
        try:
            return _acquired(files)
        except StoreError:
            if time.monotonic() > deadline or len(members(files)) < 2:  # its own record alone: no planner, a whole run
                raise
            time.sleep(0.5)


def _acquired(files: Files) -> DiskLease | Lease:
    lease: DiskLease | Lease
    if files.local is None:
        refuse_unconditional(files)
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
def lent(location: str | Path, token: str, shard: str = "") -> Iterator[None]:
    """Write on behalf of a run in another process: while that run has its lease, and no longer.

    Parameters
    ----------
    location : str or Path
        The store, or a run beside it.
    token : str
        The run's; "" for none, which checks nothing.
    shard : str
        Of a store that several share: what the run has of it; "" for all of it.
    """
    base = base_of(str(location))
    if not token or base in _held:
        yield
        return
    _held[base] = _ClaimHold(Files(base), token, shard) if shard else _LentHold(Files(base), token)
    try:
        yield
    finally:
        del _held[base]


def token_of(location: str | Path) -> str:
    """Token of the run that this process writes for, for `lent` in another process; "" without a lease."""
    hold = _held.get(base_of(str(location)))
    return "" if hold is None else hold.token


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


class _ClaimHold:
    """The right to write to one shard of a store that several share."""

    def __init__(self, files: Files, token: str, shard: str) -> None:
        self._claims, self.token, self._shard = Claims(files, token), token, shard

    def check(self) -> None:
        self._claims.check(self._shard)


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
