"""A lease on a disk: a lock of the operating system, and a file with a token beside it that its owner renews.

The lock ends with its process, so that a run that was killed blocks nobody. The file is for what the lock cannot do: it
is asked whether a run is at work without taking the lock; somebody who gets the lock because its file was removed finds
that the owner's token names another one; and an owner finds out that its token was replaced.
"""

import json
import os
import socket
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from finercam_core.io.atomic import PARTIAL, write_whole
from finercam_core.store.layout import LEASE, LOCK
from finercam_core.store.leases.timing import LeaseTiming, lost

TIMING = LeaseTiming(renew=1.0, watch=15.0)
_PATIENCE = 0.5  # seconds: the run before may just be ending


class DiskLease:
    """The right to write to the stores of a folder.

    Parameters
    ----------
    folder : Path
        The store.
    timing : LeaseTiming, optional

    Attributes
    ----------
    token : str
        Names the owner.
    """

    def __init__(self, folder: Path, timing: LeaseTiming | None = None) -> None:
        self.token = uuid.uuid4().hex
        self._folder, self._path, self._timing = folder, folder / LEASE, timing or TIMING
        self._lock = FileLock(folder / LOCK)
        self._lost, self._succeeded = False, False
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="finercam-lease", daemon=True)

    def acquire(self) -> bool:
        """Take the lock and the lease; False if a run is alive. An `OSError` if the folder cannot be written."""
        try:
            self._lock.acquire(timeout=_PATIENCE, poll_interval=_PATIENCE / 10)
        except Timeout:
            return False
        try:
            before = read_lease(self._folder)
            left = not before or before["lock"] == self._lock_file() or is_gone(before)
            if not left and not before["released"] and renewed(self._folder, self._timing.watch):
                self._lock.release()
                return False
            self._succeeded = not left  # its owner may only be asleep, and is to find out later
            self._write(released=False)
        except BaseException:
            self._lock.release()
            raise
        self._thread.start()
        return True

    def check(self) -> None:
        """Raise `StoreError` if another run has taken the lease."""
        if self._lost or is_taken(self._folder, self.token):
            self._lost = True
            raise lost(str(self._folder))

    def release(self) -> None:
        """Give the lock and the lease back."""
        self._end.set()
        self._thread.join()
        with suppress(OSError):
            if not self._lost and not is_taken(self._folder, self.token):
                if self._succeeded:
                    self._write(released=True)
                else:
                    self._path.unlink(missing_ok=True)
        self._lock.release()

    def _keep(self) -> None:
        """Renew until the end: the time of the file says that its owner is alive, and needs no space on the disk."""
        while not self._end.wait(self._timing.renew):
            try:
                self._lost = is_taken(self._folder, self.token)
                if self._lost:
                    return
                os.utime(self._path)
            except FileNotFoundError:  # somebody removed it
                with suppress(OSError):
                    self._write(released=False)
            except OSError:  # a disk that is gone for a moment
                continue

    def _write(self, *, released: bool) -> None:
        record = {"token": self.token, "host": host_name(), "pid": os.getpid(), "lock": self._lock_file()}
        write_whole(self._path, json.dumps({**record, "released": released}), ending=f".{self.token}{PARTIAL}")

    def _lock_file(self) -> str:
        """Which file is locked; one that was removed and made anew is another."""
        status = (self._folder / LOCK).stat()
        return f"{status.st_dev}:{status.st_ino}"


def read_lease(folder: Path) -> dict[str, Any]:
    """The lease of a folder: token, host, pid, lock, released; {} if there is none that can be read."""
    try:
        record = json.loads((folder / LEASE).read_bytes())
        return record if {"token", "host", "pid", "lock", "released"} <= record.keys() else {}
    except (OSError, ValueError, AttributeError):
        return {}


def is_taken(folder: Path, token: str) -> bool:
    """Whether the lease has another owner; one that is not there has none."""
    return bool(read_lease(folder).get("token", token) != token)


def is_gone(record: dict[str, Any]) -> bool:
    """Whether the owner of a lease was a process of this machine that is no more."""
    if os.name == "nt" or record["host"] != host_name():  # Windows has no harmless signal
        return False
    try:
        os.kill(int(record["pid"]), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def renewed(folder: Path, seconds: float) -> bool | None:
    """Whether a lease is renewed within some seconds of this process's clock; None if it ended meanwhile."""
    path, end = folder / LEASE, time.monotonic() + seconds
    try:
        before = path.stat().st_mtime_ns
        while time.monotonic() < end:
            time.sleep(0.05)
            if path.stat().st_mtime_ns != before:
                return True
    except FileNotFoundError:
        return None
    return False


def host_name() -> str:
    """Name of the machine, and on Linux of the world of process ids: containers have their own."""
    try:
        return f"{socket.gethostname()} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()
