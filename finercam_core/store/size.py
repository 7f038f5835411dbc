"""What a store takes on its disk or in its bucket: bytes and files, by what they hold."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from finercam_core.store.faults import told
from finercam_core.store.files import Files

PARTS = ("evidence", "scores and states", "names and descriptions", "tables")
_ARRAYS = {"evidence": PARTS[0], "logit": PARTS[1], "log_sum_exp": PARTS[1], "predicted": PARTS[1],
           "reference": PARTS[1], "state": PARTS[1]}  # fmt: skip


@dataclass(frozen=True)
class StoreSize:
    """Size of a store.

    Attributes
    ----------
    bytes : dict of str to int
        By part: the evidence maps; scores and states; names and descriptions (what Zarr needs to open a species);
        tables (the plan, failures, reviews).
    files : dict of str to int
        Number of files, or of objects in a bucket, by part.
    """

    bytes: dict[str, int]
    files: dict[str, int]


def measure(location: str | Path) -> StoreSize:
    """Add up the sizes of all files of a store; a flow may be writing to it."""
    sizes, counts = dict.fromkeys(PARTS, 0), dict.fromkeys(PARTS, 0)
    for name, size in _files(Files(location)):
        part = _part(name)
        sizes[part] += size
        counts[part] += 1
    return StoreSize(sizes, counts)


def _files(files: Files) -> Iterator[tuple[str, int]]:
    if files.local is not None:
        yield from _local(str(files.local), "")
        return
    with told(files.location):
        for path, entry in files.fs.find(files.root, detail=True).items():
            yield str(path)[len(str(files.root)) :].lstrip("/"), int(entry["size"])


def _local(root: str, below: str) -> Iterator[tuple[str, int]]:
    """Names relative to the root with their sizes; what a writer moves away meanwhile is left out."""
    with os.scandir(f"{root}/{below}") as entries:
        for entry in entries:
            name = f"{below}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _local(root, f"{name}/")
                continue
            try:
                yield name, entry.stat().st_size
            except FileNotFoundError:
                continue


def _part(name: str) -> str:
    """``family/genus/species/array/c/…`` is a chunk of an array, ``…/zarr.json`` describes; the rest are tables."""
    parts = name.split("/")
    if len(parts) > 4 and parts[4] == "c":
        return _ARRAYS.get(parts[3], PARTS[2])
    return PARTS[2] if parts[-1] == "zarr.json" else PARTS[3]
