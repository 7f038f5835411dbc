"""The steps of which every write of a store is made; power-cut tests record them and replay what a disk may keep.

A name is on the disk when its folder was synced, a content when its file was. A file that takes the place of another
one is synced before: otherwise a power cut may leave the new name with nothing under it.
"""

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

ONE_CALL = hasattr(os, "sync")
"""Whether the system has one call that puts everything on the disk."""


def make_folder(folder: Path) -> list[Path]:
    """Make a folder and those above it; the folders whose names have changed by it."""
    missing = list(_missing(folder))
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
    return [path.parent for path in missing]


def _missing(folder: Path) -> Iterator[Path]:
    while not folder.exists():
        yield folder
        folder = folder.parent


def write_file(path: Path, content: bytes) -> None:
    """Write a file, which need not reach the disk."""
    path.write_bytes(content)


def copy_file(source: Path, path: Path) -> None:
    """Write a file with the content of another one, which need not reach the disk."""
    shutil.copyfile(source, path)


def sync_file(path: Path) -> None:
    """Put the content of a file on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def rename(source: Path, target: Path) -> None:
    """Give a file another name, in place of what had it."""
    source.replace(target)


def remove(path: Path) -> None:
    """Delete a file if it exists."""
    path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk, so that a file that was just made survives a power cut; POSIX only."""
    if os.name == "nt":  # Windows cannot open folders
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_everything(files: Iterable[Path], folders: Iterable[Path]) -> None:
    """Put many new files and the names in many folders on the disk, by one call where the system has one."""
    if ONE_CALL:
        os.sync()
        return
    for path in files:
        sync_file(path)
    for folder in folders:
        sync_folder(folder)
