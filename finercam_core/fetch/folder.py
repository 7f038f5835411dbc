"""The target folder: one run at a time, enough free space, and files stored whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from finercam_core.errors import FetchError
from finercam_core.fetch.picture import Picture

LOCK = ".lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make the folder and hold the right to write to it; the right ends with the process.

    Raises
    ------
    FetchError
        If another run fetches into it, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise FetchError(f"another run is fetching into {folder}", "wait for it, or choose another folder") from error
    except OSError as error:
        problem = f"{folder} cannot be written: {error.strerror}"
        raise FetchError(problem, "choose a folder that you may write to") from error
    try:
        yield
    finally:
        lock.release()


def check_space(folder: Path, needed: int, min_free: int) -> None:
    """Raise if `needed` more bytes would leave less than `min_free` on the disk.

    Raises
    ------
    FetchError
        With the numbers.
    """
    free = shutil.disk_usage(folder).free
    if free - needed < min_free:
        problem = (
            f"{folder} has {free / 1e9:.1f} GB left; {needed / 1e9:.1f} GB are to come and "
            f"{min_free / 1e9:.1f} GB must stay free"
        )
        raise FetchError(problem, "make room, or choose another disk; what was fetched stays")


FOLDERS = {"image": "images", "mask": "masks"}


def content_path(picture: Picture, what: str) -> str:
    """Path of a file relative to the target folder: ``images/ab/abcdef….jpg``."""
    return f"{FOLDERS[what]}/{picture.sha256[:2]}/{picture.sha256}{picture.ending}"


def move_into_place(partial: Path, picture: Picture, what: str, folder: Path) -> str:
    """Move a verified file to its final path, safe against power cuts; the same content is stored once.

    Returns
    -------
    str, the path relative to `folder`.
    """
    name = content_path(picture, what)
    target = folder / name
    if target.exists() and target.stat().st_size == picture.bytes:
        partial.unlink()
        return name
    target.parent.mkdir(parents=True, exist_ok=True)
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(target)
    _sync_folder(target.parent)
    return name


def _sync_folder(folder: Path) -> None:
    """Make a rename durable, where folders can be synced (not on Windows)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
