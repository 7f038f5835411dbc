"""Decode specimens some way ahead of their use, in threads or in processes of their own, in the order of the chunks."""

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from finercam_core.images.decoder import load_many
from finercam_core.images.faults import ImageError
from finercam_core.images.preparation import Preparation
from finercam_core.io.workers import end_with_parent, processors
from finercam_core.status import Status
from finercam_core.store import Chunk

Pixels = npt.NDArray[np.uint8]
Found = list[Pixels | ImageError]
_GROUP = 8  # images a job: what it costs to hand a job over is shared


@dataclass(frozen=True)
class Item:
    """One specimen on its way through the model: its chunk, its row there, and its pixels or what is wrong."""

    chunk: Chunk
    row: int
    pixels: Pixels | None
    status: Status
    detail: str = ""


@dataclass(frozen=True)
class Decoding:
    """How images are decoded.

    Parameters
    ----------
    preparation : Preparation
    root : str
        Folder or URL of the images.
    workers : int
        Threads or processes.
    processes : bool
        Processes instead of threads. Pillow decodes and scales outside Python's global lock, so threads do as well
        until some hundred images a second, and cost nothing to start or to hand pixels over.
    """

    preparation: Preparation
    root: str
    workers: int = 2
    processes: bool = False


def default_workers() -> int:
    """One decoder for each processor that this process may use, at most 16."""
    return processors()


def decoded(chunks: Iterable[Chunk], how: Decoding, *, known: Callable[[str], bool], ahead: int) -> Iterator[Item]:
    """Every specimen of some chunks, in their order.

    Parameters
    ----------
    chunks : iterable of Chunk
    how : Decoding
    known : callable
        Whether the classifier has a species; the images of others are not opened.
    ahead : int
        How many specimens may be decoded before they are asked for.
    """
    waiting = (_Group.of(part, known) for part in _parts(chunks))
    with _Pool(how) as pool:
        queue: deque[tuple[_Group, Future[Found]]] = deque()
        while True:
            for group in islice(waiting, max(1, ahead // _GROUP) - len(queue)):
                queue.append((group, pool.submit(group.places)))
            if not queue:
                return
            group, future = queue.popleft()
            try:
                found = future.result()
            except BrokenProcessPool:
                # The other jobs died with the pool as well.
                found = pool.one_by_one(group.places)
                queue = deque((other, pool.submit(other.places)) for other, _ in queue)
            yield from group.items(found)


def _parts(chunks: Iterable[Chunk]) -> Iterator[list[tuple[Chunk, int]]]:
    rows = ((chunk, row) for chunk in chunks for row in range(len(chunk)))
    while part := list(islice(rows, _GROUP)):
        yield part


@dataclass(frozen=True)
class _Group:
    """Some specimens that are decoded in one job; `refused` has those whose image need not be opened, by position."""

    specimens: Sequence[tuple[Chunk, int]]
    refused: dict[int, Item]

    @classmethod
    def of(cls, specimens: Sequence[tuple[Chunk, int]], known: Callable[[str], bool]) -> "_Group":
        judged = ((i, _refusal(chunk, row, known)) for i, (chunk, row) in enumerate(specimens))
        return cls(specimens, {i: item for i, item in judged if item is not None})

    @property
    def places(self) -> list[str]:
        return [chunk.places[row] for i, (chunk, row) in enumerate(self.specimens) if i not in self.refused]

    def items(self, found: Found) -> Iterator[Item]:
        images = iter(found)
        for i, (chunk, row) in enumerate(self.specimens):
            yield self.refused[i] if i in self.refused else _item(chunk, row, next(images))


def _refusal(chunk: Chunk, row: int, known: Callable[[str], bool]) -> Item | None:
    if chunk.faults[row]:
        return Item(chunk, row, None, Status[chunk.faults[row]])
    if not known(chunk.scientificName):
        return Item(chunk, row, None, Status.UNKNOWN_SPECIES, chunk.scientificName)
    return None


def _item(chunk: Chunk, row: int, found: Pixels | ImageError) -> Item:
    if isinstance(found, ImageError):
        return Item(chunk, row, None, found.status, str(found))
    return Item(chunk, row, found, Status.DONE)


class _Pool:
    """Threads for one use, or processes that serve all shards of this process; a pool that died is replaced."""

    def __init__(self, how: Decoding) -> None:
        self._how = how
        self._threads = None if how.processes else ThreadPoolExecutor(how.workers, "finercam-decoder")

    def __enter__(self) -> "_Pool":
        return self

    def __exit__(self, *_error: object) -> None:
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)

    def submit(self, places: list[str]) -> Future[Found]:
        pool: Executor = self._threads or _processes(self._how.workers)
        try:
            return pool.submit(load_many, places, self._how.preparation, self._how.root)
        except BrokenProcessPool:
            _forget(self._how.workers)
            return self.submit(places)

    def one_by_one(self, places: list[str]) -> Found:
        """Decode alone what was being decoded when a worker died; an image that kills again is a bad image."""
        _forget(self._how.workers)
        return [self._alone(place) for place in places]

    def _alone(self, place: str) -> Pixels | ImageError:
        try:
            return self.submit([place]).result()[0]
        except BrokenProcessPool:
            _forget(self._how.workers)
            return ImageError(Status.UNREADABLE, place, "the decoder died on it")


_standing: dict[int, ProcessPoolExecutor] = {}


def _processes(workers: int) -> ProcessPoolExecutor:
    if workers not in _standing:
        # Not forked: a process with threads of torch and of Prefect must not be.
        context = multiprocessing.get_context("spawn")
        _standing[workers] = ProcessPoolExecutor(workers, context, initializer=end_with_parent)
    return _standing[workers]


def _forget(workers: int) -> None:
    if (pool := _standing.pop(workers, None)) is not None:
        pool.shutdown(wait=False, cancel_futures=True)
