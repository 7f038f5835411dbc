"""Prepared images of a training: all in memory, or decoded again whenever they are wanted."""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from finercam_core.errors import TrainingError
from finercam_core.images.decoder import load_pixels
from finercam_core.images.faults import ImageError
from finercam_core.images.preparation import Preparation

Pixels = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.int64]
Result = TypeVar("Result")
_AHEAD = 3  # batches


class StreamedPixels:
    """Images (N, H, W, 3) that no memory holds: what is asked for is decoded, some batches ahead of its use.

    An image that cannot be read any more, or that has other pixels than when it was first read, is an error.

    Parameters
    ----------
    places : object array of str (N,)
        Below the root, also in zip or tar files and Parquet tables.
    digests : sequence of bytes (N,)
        SHA-256 of each image's pixels.
    preparation : Preparation
    root : str
        Folder or URL of the collection.
    """

    def __init__(
        self, places: npt.NDArray[np.object_], digests: Sequence[bytes], preparation: Preparation, root: str
    ) -> None:
        self._places = places
        self.digests = np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 32)
        self._preparation, self._root = preparation, root

    def __len__(self) -> int:
        return len(self._places)

    def select(self, chosen: npt.NDArray[Any]) -> "StreamedPixels":
        """Some of the images, by their numbers or a mask."""
        digests = [one.tobytes() for one in self.digests[chosen]]
        return StreamedPixels(self._places[chosen], digests, self._preparation, self._root)

    def batches(self, rows: Iterable[Rows]) -> Iterator[Pixels]:
        """The images of some batches, one batch after the other."""
        pool, waiting = ThreadPoolExecutor(os.cpu_count() or 1), deque[list[Future[Pixels]]]()
        try:
            for batch in rows:
                waiting.append([pool.submit(self._read, int(row)) for row in batch])
                if len(waiting) > _AHEAD:
                    yield _stacked(waiting.popleft())
            while waiting:
                yield _stacked(waiting.popleft())
        finally:
            pool.shutdown(cancel_futures=True)

    def _read(self, row: int) -> Pixels:
        place = str(self._places[row])
        try:
            pixels = load_pixels(place, self._preparation, root=self._root)
        except (ImageError, OSError) as error:
            raise TrainingError(f"{place} cannot be read any more: {error}", "restore it, and train again") from error
        if digest(pixels) != self.digests[row].tobytes():
            raise TrainingError(f"{place} is another image than it was", "restore it, or train again in a new folder")
        return pixels


def _stacked(images: Sequence[Future[Pixels]]) -> Pixels:
    return np.stack([image.result() for image in images]) if images else np.zeros((0, 0, 0, 3), np.uint8)


def digest(pixels: Pixels) -> bytes:
    """SHA-256 of an image's pixels."""
    return hashlib.sha256(pixels.tobytes()).digest()


def digests_of(pixels: Pixels | StreamedPixels) -> list[bytes]:
    """SHA-256 of each image's pixels (N,)."""
    if isinstance(pixels, StreamedPixels):
        return [one.tobytes() for one in pixels.digests]
    return [digest(image) for image in pixels]


def selected(pixels: Pixels | StreamedPixels, chosen: npt.NDArray[Any]) -> Pixels | StreamedPixels:
    """Some of the images, by their numbers or a mask."""
    return pixels.select(chosen) if isinstance(pixels, StreamedPixels) else pixels[chosen]


def batches_of(pixels: Pixels | StreamedPixels, rows: Iterable[Rows]) -> Iterator[Pixels]:
    """The images of some batches, one batch after the other."""
    return pixels.batches(rows) if isinstance(pixels, StreamedPixels) else (pixels[batch] for batch in rows)


def in_order(count: int, batch: int) -> list[Rows]:
    """Numbers of so many images in batches."""
    return [np.arange(start, min(start + batch, count)) for start in range(0, count, batch)]


def ahead(
    pool: ThreadPoolExecutor, work: Callable[[str], Result], items: Iterable[str], count: int = 64
) -> Iterator[Result]:
    """Results in order, of which at most so many wait to be taken."""
    waiting = deque[Future[Result]]()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) > count:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
