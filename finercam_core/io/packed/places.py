"""Paths that lead through a packed file: `birds.zip/Esox_lucius/1.jpg`, `train.parquet/17-a.jpg`."""

import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from finercam_core.io.packed.archives import TarPack, ZipPack
from finercam_core.io.packed.coco_masks import CocoMasks
from finercam_core.io.packed.pack import Pack
from finercam_core.io.packed.parquet import ParquetPack

_KINDS: Mapping[str, Callable[[str], Pack]] = {
    ".zip": ZipPack,
    ".tar": TarPack,
    ".parquet": ParquetPack,
    ".pq": ParquetPack,
    ".json": CocoMasks,
}


def is_packed(path: str) -> bool:
    """Whether a path ends as packed files do."""
    return Path(path.lower()).suffix in _KINDS


def packed_place(path: str) -> tuple[str, str] | None:
    """The packed file that a local path leads through, and the path within it; None for any other path.

    Parameters
    ----------
    path : str
        Absolute or relative; the packed file itself gives "" as the path within it.
    """
    if "://" in path or not any(ending in path.lower() for ending in _KINDS):
        return None
    parts = path.replace("\\", "/").split("/")
    for end in range(1, len(parts) + 1):
        container = "/".join(parts[:end])
        if is_packed(container) and Path(container).is_file():
            return container, "/".join(parts[end:])
    return None


def open_pack(path: str) -> Pack:
    """A packed file, kept open by each process that reads it.

    Raises
    ------
    OSError
        It is missing or damaged.
    """
    stat = Path(path).stat()
    return _opened(path, os.getpid(), stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=16)
def _opened(path: str, process: int, changed: int, size: int) -> Pack:
    """One for each process: after a fork a shared file would be read at the other's position."""
    return _KINDS[Path(path.lower()).suffix](path)


def read_packed(path: str) -> bytes | None:
    """The content of a file within a packed one; None if the path leads through none.

    Raises
    ------
    OSError
        The packed file is damaged, or has no such file (`FileNotFoundError`).
    """
    place = packed_place(path)
    return open_pack(place[0]).read(place[1]) if place and place[1] else None
