"""Decode specimens ahead of their use, in threads or in processes of their own, in the order of the chunks."""

import faulthandler
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from threading import Lock

from finercam_core.explain.engine.handover import Outcomes, Parcel, Pixels, dropped, packed, unpacked
from finercam_core.images.decoder import load_encoded, load_many
from finercam_core.images.faults import HeavyImageError, ImageError
from finercam_core.images.limits import DEFAULT_LIMITS, Limits
from finercam_core.images.preparation import Preparation
from finercam_core.io.workers import end_with_parent, expendable, processors
from finercam_core.parts import NO_FOLD
from finercam_core.status import Status
from finercam_core.store import Chunk

Arriving = Future[Outcomes | Parcel]
Load = Callable[[Sequence[str], Preparation, str, Limits], Outcomes]
DIED = "the decoder died on it, was killed, or took for ever"
HEAVY = 300_000_000  # bytes that decoding an image takes: 33 million pixels of TIFF, 15 million of WebP
_JOB_SIZE = 8  # images per job, which share the cost of handing a job over


@dataclass(frozen=True)
class DecodedSpecimen:
    """One specimen on its way through the model: its chunk, its row there, and its pixels or what is wrong.

    `pixels` is (height, width, 3), or (n,) of a JPEG that the model's device decodes.
    """

    chunk: Chunk
    row: int
    pixels: Pixels | None
    status: Status
    detail: str = ""

    @property
    def fold(self) -> int:
        """Fold of the image in a cross-fitted classifier."""
        return self.chunk.folds[self.row] if self.chunk.folds else NO_FOLD


@dataclass(frozen=True)
class DecoderSettings:
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
        up to some hundred images per second, and cost nothing to start or to hand pixels over; processes hand them
        over through shared memory.
    max_seconds : float
        A process that decodes one image for longer is ended, and the image counts as bad.
    encoded : bool
        Give plain JPEGs as their bytes, for a device that decodes them itself.
    """

    preparation: Preparation
    root: str
    workers: int = 2
    processes: bool = False
    max_seconds: float = 2 * DEFAULT_LIMITS.max_seconds
    encoded: bool = False

    @property
    def load(self) -> Load:
        """The function that opens some images."""
        return load_encoded if self.encoded else load_many


def default_workers() -> int:
    """One decoder per processor that this process may use, at most 16."""
    return processors()


def decoded_specimens(
    chunks: Iterable[Chunk], settings: DecoderSettings, *, known: Callable[[str], bool], ahead: int
) -> Iterator[DecodedSpecimen]:
    """Every specimen of some chunks, in their order.

    Parameters
    ----------
    chunks : iterable of Chunk
    settings : DecoderSettings
    known : callable
        Whether the classifier has a species; the images of others are not opened.
    ahead : int
        How many specimens may be decoded before they are asked for.
    """
    jobs = (_Job.of(part, known) for part in _parts(chunks))
    queue: deque[tuple[_Job, Arriving]] = deque()
    try:
        with _Pool(settings) as pool:
            yield from _in_order(jobs, pool, queue, max(1, ahead // _JOB_SIZE))
    finally:
        _give_up(future for _, future in queue)


def _in_order(
    jobs: Iterator["_Job"], pool: "_Pool", queue: "deque[tuple[_Job, Arriving]]", ahead: int
) -> Iterator[DecodedSpecimen]:
    while True:
        for job in islice(jobs, ahead - len(queue)):
            queue.append((job, pool.submit(job.locations)))
        if not queue:
            return
        job, future = queue.popleft()
        try:
            outcomes = unpacked(future.result())
        except BrokenProcessPool:
            outcomes = pool.one_by_one(job.locations)
            # Jobs behind this one that were not done died with the pool as well.
            again = [(other, old if _is_done(old) else pool.submit(other.locations)) for other, old in queue]
            queue.clear()
            queue.extend(again)
        yield from job.results(outcomes)


def _is_done(future: Arriving) -> bool:
    return future.done() and future.exception() is None


def _give_up(futures: Iterable[Arriving]) -> None:
    """End jobs that nobody asks for any more: their pixels must not stay in shared memory."""
    for future in futures:
        if not future.cancel():
            future.add_done_callback(_drop)


def _drop(future: Arriving) -> None:
    if _is_done(future):
        dropped(future.result())


def _parts(chunks: Iterable[Chunk]) -> Iterator[list[tuple[Chunk, int]]]:
    rows = ((chunk, row) for chunk in chunks for row in range(len(chunk)))
    while part := list(islice(rows, _JOB_SIZE)):
        yield part


@dataclass(frozen=True)
class _Job:
    """Specimens that are decoded together; `refused` has those whose image need not be opened, by position."""

    specimens: Sequence[tuple[Chunk, int]]
    refused: dict[int, DecodedSpecimen]

    @classmethod
    def of(cls, specimens: Sequence[tuple[Chunk, int]], known: Callable[[str], bool]) -> "_Job":
        refusals = ((i, _refusal(chunk, row, known)) for i, (chunk, row) in enumerate(specimens))
        return cls(specimens, {i: refusal for i, refusal in refusals if refusal is not None})

    @property
    def locations(self) -> list[str]:
        return [chunk.places[row] for i, (chunk, row) in enumerate(self.specimens) if i not in self.refused]

    def results(self, outcomes: Outcomes) -> Iterator[DecodedSpecimen]:
        remaining = iter(outcomes)
        for i, (chunk, row) in enumerate(self.specimens):
            yield self.refused[i] if i in self.refused else _result(chunk, row, next(remaining))


def _refusal(chunk: Chunk, row: int, known: Callable[[str], bool]) -> DecodedSpecimen | None:
    if chunk.faults[row]:
        return DecodedSpecimen(chunk, row, None, Status[chunk.faults[row]])
    if not known(chunk.scientificName):
        return DecodedSpecimen(chunk, row, None, Status.UNKNOWN_SPECIES, chunk.scientificName)
    return None


def _result(chunk: Chunk, row: int, outcome: Pixels | ImageError) -> DecodedSpecimen:
    if isinstance(outcome, ImageError):
        return DecodedSpecimen(chunk, row, None, outcome.status, str(outcome))
    return DecodedSpecimen(chunk, row, outcome, Status.DONE)


class _Pool:
    """Threads for one use, or processes that serve all shards of this process; a pool that died is replaced."""

    def __init__(self, settings: DecoderSettings) -> None:
        self._settings = settings
        self._threads = None if settings.processes else ThreadPoolExecutor(settings.workers, "finercam-decoder")

    def __enter__(self) -> "_Pool":
        return self

    def __exit__(self, *_error: object) -> None:
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)

    def submit(self, locations: list[str]) -> Arriving:
        how = self._settings
        if self._threads is not None:
            return self._threads.submit(load_in_thread, locations, how)
        try:
            return _processes(how.workers).submit(load_watched, locations, how)
        except BrokenProcessPool:
            _discard_processes(self._settings.workers)
            return self.submit(locations)

    def one_by_one(self, locations: list[str]) -> Outcomes:
        """Decode each image of a job whose worker died by itself; one that kills its worker again is a bad image."""
        _discard_processes(self._settings.workers)
        return [self._alone(location) for location in locations]

    def _alone(self, location: str) -> Pixels | ImageError:
        try:
            return unpacked(self.submit([location]).result())[0]
        except BrokenProcessPool:
            _discard_processes(self._settings.workers)
            return ImageError(Status.UNREADABLE, location, DIED)


def load_in_thread(locations: Sequence[str], settings: DecoderSettings) -> Outcomes:
    """`load_many`; an image that takes much memory is decoded in a process of its own, which may be killed for it."""
    outcomes = settings.load(locations, settings.preparation, settings.root, replace(DEFAULT_LIMITS, max_decoded=HEAVY))
    for number, outcome in enumerate(outcomes):
        if isinstance(outcome, HeavyImageError):
            outcomes[number] = _apart(outcome.location, settings)
    return outcomes


def _apart(location: str, settings: DecoderSettings) -> Pixels | ImageError:
    with _one_apart:  # so that it is clear which image killed it
        for _ in range(2):  # the process may have died while it had nothing to do
            try:
                return unpacked(_processes(_APART).submit(load_watched, [location], settings).result())[0]
            except BrokenProcessPool:
                _discard_processes(_APART)
        return ImageError(Status.UNREADABLE, location, DIED)


def load_watched(locations: Sequence[str], settings: DecoderSettings) -> Parcel | Outcomes:
    """`load_many` in a process of its own, which ends if an image takes for ever; the pool then knows which.

    A decoder in C cannot be interrupted otherwise.
    """
    outcomes: Outcomes = []
    with Path(os.devnull).open("w") as nowhere:
        for location in locations:
            faulthandler.dump_traceback_later(settings.max_seconds, exit=True, file=nowhere)
            outcomes.extend(settings.load([location], settings.preparation, settings.root, DEFAULT_LIMITS))
            faulthandler.cancel_dump_traceback_later()
    return packed(outcomes)


_APART = 0  # key of the single process beside threads
_one_apart = Lock()
_process_pools: dict[int, ProcessPoolExecutor] = {}


def _processes(workers: int) -> ProcessPoolExecutor:
    if workers not in _process_pools:
        # Spawned and not forked: torch and Prefect have threads in this process, whose locks a fork would copy.
        context = multiprocessing.get_context("spawn")
        _process_pools[workers] = ProcessPoolExecutor(max(1, workers), context, initializer=_begin)
    return _process_pools[workers]


def _begin() -> None:
    end_with_parent()
    expendable()


def start_processes(workers: int | None = None) -> None:
    """Start the processes that decode, and do not wait: they take seconds, in which a classifier can be loaded."""
    with suppress(BrokenProcessPool):  # whoever decodes next replaces a pool that died
        _processes(workers or default_workers()).submit(default_workers)


def _discard_processes(workers: int) -> None:
    if (pool := _process_pools.pop(workers, None)) is not None:
        pool.shutdown(wait=False, cancel_futures=True)
