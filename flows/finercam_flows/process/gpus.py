"""One process per GPU: a lock of the operating system for each device, which ends with the process that held it."""

import getpass
import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

log = logging.getLogger(__name__)
POLL_SECONDS = 0.2
_preferred: list[int] = []  # the GPU of the last shard, which has this process's model in its memory


def identities() -> list[str]:
    """UUIDs of the CUDA devices that this process sees; a device has the same one in every process."""
    import torch

    return [str(torch.cuda.get_device_properties(i).uuid) for i in range(torch.cuda.device_count())]


def count() -> int:
    """Number of CUDA devices that this process sees; no memory is taken on any of them."""
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


@contextmanager
def held(device: str) -> Iterator[str]:
    """Hold a device while the context lasts, after waiting until one is free.

    Parameters
    ----------
    device : str
        "auto" or "cuda" for any free GPU, "cuda:1" for that one. Anything else, and "auto" on a machine without a GPU,
        is yielded unchanged and not held.

    Yields
    ------
    str
        The device to compute on. No other process of this user holds it at the same time.
    """
    names = identities() if device.partition(":")[0] in ("auto", "cuda") else []
    wanted = [int(device.partition(":")[2])] if ":" in device else list(range(len(names)))
    if not names or max(wanted) >= len(names):
        yield device
        return
    index, lock = _wait_for_one({i: names[i] for i in sorted(wanted, key=lambda i: i not in _preferred)})
    _preferred[:] = [index]
    try:
        yield f"cuda:{index}"
    finally:
        lock.release()


def _wait_for_one(names: dict[int, str]) -> tuple[int, FileLock]:
    warned = False
    while True:
        for index, name in names.items():
            lock = FileLock(lock_file(name))
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            return index, lock
        if not warned:
            log.warning("waiting for a GPU: all %d are in use by other runs", len(names))
            warned = True
        time.sleep(POLL_SECONDS)


def lock_file(name: str) -> Path:
    """Lock file of the device with this UUID."""
    return Path(tempfile.gettempdir()) / f"finercam-{getpass.getuser()}-{name}.lock"
