"""Compute and write the evidence of a shard of chunks: decoding, the model and the disk work at the same time."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from finercam_core.explain.engine.background import BackgroundCalls, prefetch
from finercam_core.explain.engine.batch_size import BatchSize, images_per_pass
from finercam_core.explain.engine.batches import (
    Batch,
    ExplainedBatch,
    PartialChunk,
    PartialChunks,
    batches,
    explain_batch,
    key_of,
)
from finercam_core.explain.engine.decoder_choice import NVJPEG, decoder_of, lacking, require
from finercam_core.explain.engine.decoders import DecoderSettings, decoded_specimens, default_workers
from finercam_core.explain.engine.request import EvidenceRequest
from finercam_core.explain.model.classifier import Classifier
from finercam_core.explain.model.execution import execution_of
from finercam_core.io.progress import OutcomeProgress
from finercam_core.status import Status
from finercam_core.store import Chunk, ChunkResult, open_store, write_chunk
from finercam_core.store.lock import lent, token_of
from finercam_core.store.reader import Store


@dataclass(frozen=True)
class ShardReport:
    """Outcome of a shard.

    Attributes
    ----------
    done, failed : int
        Specimens.
    busy : float
        Seconds of its worker in which the model did not wait for images.
    skipped : int
        1 if another writer of the store has the shard.
    """

    done: int
    failed: int
    busy: float = 0.0
    skipped: int = 0


def annotate_chunks(
    location: str,
    chunks: Sequence[Chunk],
    classifier: Classifier,
    *,
    batch_size: int | Literal["auto"] = 32,
    decoders: int | None = None,
    processes: bool | None = None,
    progress: OutcomeProgress | None = None,
) -> ShardReport:
    """Compute the evidence of all specimens of some chunks and write each chunk as soon as it is complete.

    One forward pass of the model serves each image, whatever the number of references. A specimen whose image is
    bad, or whose values are, is recorded with its reason and the others go on. While the model works on a batch, the
    next ones are decoded and brought to its device, and finished chunks are written.

    Parameters
    ----------
    location : str
        The store; its provenance names the base method and what references are chosen by.
    chunks : sequence of Chunk
        From `pending_chunks`; nobody else may write to these.
    classifier : Classifier
    batch_size : int or "auto"
        Images per forward pass, at least 1; "auto" is 32 on a CPU, and on a GPU grows while time and memory allow.
    decoders : int, optional
        Threads or processes that decode images; one per processor by default, at most 16.
    processes : bool, optional
        Decode and write in processes instead of threads; by default where the model is on a GPU, which is fed faster
        than threads of one Python process can.
    progress : callable, optional
        Called with the numbers of done and failed specimens of each chunk written.

    Returns
    -------
    ShardReport

    Raises
    ------
    StoreError
        If the disk is full or may not be written, or another run has taken the store over. What is finished is kept.
    ClassifierError
        If the run's pixels are decoded on the GPU and this process cannot.
    """
    start, waiting = time.monotonic(), _Waiting()
    store, device = open_store(location), classifier.device
    in_processes = device.type == "cuda" if processes is None else processes
    there = decoder_of(store.provenance.decoding) == NVJPEG
    if there:
        require(lacking(classifier.preparation.interpolation))
    settings = DecoderSettings(
        classifier.preparation, store.images_root, decoders or default_workers(), in_processes, encoded=there
    )
    classifier.run_as(execution_of(store.provenance.classifier.execution) or classifier.execution)
    size = images_per_pass(classifier) if batch_size == "auto" else batch_size
    specimens = decoded_specimens(chunks, settings, known=classifier.__contains__, ahead=3 * size)
    counts = _Counts(progress)
    with (
        _writer(local=store.files.local is not None, process=in_processes) as writer,
        closing(prefetch(batches(specimens, size, device, classifier.preparation if there else None))) as prepared,
    ):
        partial_chunks: PartialChunks = {}
        for explained in _explained(classifier, waiting.over(prepared), partial_chunks, store, BatchSize(size)):
            explained.add_to(partial_chunks)
            for key in [key for key, partial in partial_chunks.items() if partial.complete]:
                complete = partial_chunks.pop(key)
                writer.submit(written, location, token_of(location), complete.chunk, complete.result)
            counts.add(writer.results())
        counts.add(writer.results(wait_for_all=True))
    return ShardReport(counts.done, counts.failed, time.monotonic() - start - waiting.seconds)


class _Waiting:
    """Seconds in which the model waits for images."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def over(self, items: Iterable[Batch]) -> Iterator[Batch]:
        """The same items; how long each takes to come is added up."""
        remaining = iter(items)
        while True:
            asked = time.monotonic()
            item = next(remaining, None)
            self.seconds += time.monotonic() - asked
            if item is None:
                return
            yield item


def _writer(*, local: bool, process: bool) -> BackgroundCalls:
    """One thread or process for a disk, which takes one write after the other; eight threads for a bucket."""
    return BackgroundCalls(1, process=process) if local else BackgroundCalls(8)


def written(location: str, token: str, chunk: Chunk, result: ChunkResult) -> npt.NDArray[np.uint8]:
    """`write_chunk` on behalf of the run with a token, in whatever process."""
    with lent(location, token):
        return write_chunk(location, chunk, result)


def _explained(
    classifier: Classifier, prepared: Iterable[Batch], partial_chunks: PartialChunks, store: Store, size: BatchSize
) -> Iterator[ExplainedBatch]:
    """Batches that went through the model; each is yielded when the next has been started: a GPU never waits."""
    request = EvidenceRequest.of(store, classifier)
    classifier.take_routes(store.provenance.classifier.route)
    previous: ExplainedBatch | None = None
    for batch in prepared:
        _add_chunks(partial_chunks, batch, store, classifier, request)
        started = explain_batch(classifier, batch, partial_chunks, request, size)
        if previous is not None:
            yield previous
        previous = started
    if previous is not None:
        yield previous


def _add_chunks(
    partial_chunks: PartialChunks, batch: Batch, store: Store, classifier: Classifier, request: EvidenceRequest
) -> None:
    """Make room for the chunks that appear for the first time."""
    for specimen in batch.specimens:
        key = key_of(specimen.chunk)
        if key not in partial_chunks:
            classes = request.class_indices(store, specimen.chunk, classifier)
            partial_chunks[key] = PartialChunk(specimen.chunk, classes, classifier.grid, per_image=request.per_image)


class _Counts:
    """Specimens of the chunks that are on the disk."""

    def __init__(self, progress: OutcomeProgress | None) -> None:
        self.done = self.failed = 0
        self._progress = progress

    def add(self, written: Iterable[Any]) -> None:
        """Count the status arrays that `write_chunk` returned."""
        for status in written:
            done = int((status == Status.DONE).sum())
            self.done += done
            self.failed += len(status) - done
            if self._progress is not None:
                self._progress(done, len(status) - done)
