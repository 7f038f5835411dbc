"""Pixels or files from a decoder's process to the model's through shared memory, where a pipe copies them four times.

A block is made by the decoder, read and removed by the receiver. The names of blocks whose receiver died are known to
Python's resource tracker, which removes them when the last process of the run has ended.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory

import numpy as np
import numpy.typing as npt

from finercam_core.images.faults import ImageError

Pixels = npt.NDArray[np.uint8]
Outcomes = list[Pixels | ImageError]


@dataclass(frozen=True)
class Parcel:
    """Outcomes on their way: errors as they are, arrays in a block of shared memory, one after the other.

    Attributes
    ----------
    block : str
        Its name; "" where no image could be read.
    pieces : sequence of ImageError or tuple of int
        The shape of each array: (height, width, 3) of pixels, (n,) of a file's bytes.
    """

    block: str
    pieces: Sequence[ImageError | tuple[int, ...]]


def packed(outcomes: Outcomes) -> Parcel | Outcomes:
    """Put the arrays of one job into shared memory; the outcomes themselves where there is no room for it."""
    pieces = [outcome if isinstance(outcome, ImageError) else outcome.shape for outcome in outcomes]
    arrays = [outcome.ravel() for outcome in outcomes if not isinstance(outcome, ImageError)]
    if not arrays:
        return Parcel("", pieces)
    try:
        memory = SharedMemory(create=True, size=sum(array.nbytes for array in arrays))
    except OSError:  # a container's /dev/shm is small
        return outcomes
    np.concatenate(arrays, out=np.ndarray((memory.size,), np.uint8, memory.buf)[: sum(map(len, arrays))])
    memory.close()
    return Parcel(memory.name, pieces)


def unpacked(parcel: Parcel | Outcomes) -> Outcomes:
    """Take the outcomes out of a parcel; its block is removed."""
    if not isinstance(parcel, Parcel):
        return parcel
    if not parcel.block:
        return [piece for piece in parcel.pieces if isinstance(piece, ImageError)]
    memory = SharedMemory(parcel.block)
    try:
        values = np.ndarray((memory.size,), np.uint8, memory.buf).copy()
    finally:
        _remove(memory)
    return list(_cut(values, parcel.pieces))


def _cut(values: Pixels, pieces: Sequence[ImageError | tuple[int, ...]]) -> Iterator[Pixels | ImageError]:
    start = 0
    for piece in pieces:
        if isinstance(piece, ImageError):
            yield piece
            continue
        stop = start + math.prod(piece)
        yield values[start:stop].reshape(piece)
        start = stop


def dropped(parcel: Parcel | Outcomes) -> None:
    """Remove the block of a parcel that nobody wants."""
    if isinstance(parcel, Parcel) and parcel.block:
        _remove(SharedMemory(parcel.block))


def _remove(memory: SharedMemory) -> None:
    memory.close()
    memory.unlink()
