"""What of a shard is on the disk already, when it is run again after its worker was lost."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import zarr

from finercam_core.status import Status
from finercam_core.store.files import Files
from finercam_core.store.layout import CHUNK, status_of
from finercam_core.store.pending import Chunk

T = TypeVar("T")


def without_written(location: str, chunks: Sequence[Chunk]) -> tuple[list[Chunk], int]:
    """Leave out the specimens that are done since the chunks were planned.

    Returns
    -------
    list of Chunk, what is left; and int, the number of specimens left out. Failed ones stay in: they cost nothing.
    """
    root = Files(location).group("r")
    left = [one for chunk in chunks if len(one := _left_of(root, chunk))]
    return left, sum(map(len, chunks)) - sum(map(len, left))


def _left_of(root: zarr.Group, chunk: Chunk) -> Chunk:
    array = root[f"{chunk.group}/state"]
    assert isinstance(array, zarr.Array)
    start = chunk.index * CHUNK
    state = np.asarray(array[start : start + CHUNK], np.uint64)[np.asarray(chunk.slots) - start]
    same = state >> np.uint64(8) == np.asarray(chunk.words, np.uint64) >> np.uint64(8)
    keep = np.flatnonzero(~(same & (status_of(state) == Status.DONE))).tolist()
    return Chunk(
        chunk.group, chunk.index, chunk.scientificName, _at(chunk.slots, keep), _at(chunk.image_ids, keep),
        _at(chunk.places, keep), _at(chunk.faults, keep), _at(chunk.words, keep),
    )  # fmt: skip


def _at(values: tuple[T, ...], keep: Sequence[int]) -> tuple[T, ...]:
    return tuple(values[i] for i in keep)
