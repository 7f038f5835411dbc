"""Compute and write the evidence of many chunks: decoding, the model and the disk work at the same time."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from finercam_core.explain.engine.background import Background, ahead
from finercam_core.explain.engine.batch_size import BatchSize
from finercam_core.explain.engine.batches import Batch, Explained, Gathering, Gatherings, batches, explain_batch, key_of
from finercam_core.explain.engine.decoders import Decoding, decoded, default_workers
from finercam_core.explain.engine.request import Question
from finercam_core.explain.model.classifier import Classifier
from finercam_core.io.progress import OutcomeProgress
from finercam_core.status import Status
from finercam_core.store import Chunk, open_store, write_chunk
from finercam_core.store.reader import Store


@dataclass(frozen=True)
class ShardReport:
    """Outcome of a shard: numbers of specimens."""

    done: int
    failed: int


def annotate_chunks(
    location: str,
    chunks: Sequence[Chunk],
    classifier: Classifier,
    *,
    batch_size: int = 32,
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
    batch_size : int
        Images per forward pass.
    decoders : int, optional
        Threads or processes that decode images; one for each processor by default, at most 16.
    processes : bool, optional
        Decode in processes instead of threads; by default where the model is on a GPU, which is fed faster than
        threads of one Python process can.
    progress : callable, optional
        Called with the numbers of done and failed specimens of each chunk written.

    Returns
    -------
    ShardReport

    Raises
    ------
    StoreError
        If the disk is full or may not be written, or another run has taken the store over. What is finished is kept.
    """
    store, device = open_store(location), classifier.device
    how = Decoding(
        classifier.preparation, store.images_root, decoders or default_workers(),
        device.type == "cuda" if processes is None else processes,
    )  # fmt: skip
    counts = _Counts(progress)
    items = decoded(chunks, how, known=classifier.__contains__, ahead=3 * batch_size)
    with (
        Background(1 if store.files.local is not None else 8) as writer,
        closing(ahead(batches(items, batch_size, device))) as prepared,
    ):
        gatherings: Gatherings = {}
        question = Question.of(store, classifier)
        for explained in _explained(classifier, prepared, gatherings, store, question, BatchSize(batch_size)):
            explained.settle(gatherings)
            for key in [key for key, gathering in gatherings.items() if gathering.complete]:
                complete = gatherings.pop(key)
                writer.do(write_chunk, location, complete.chunk, complete.result)
            counts.add(writer.take())
        counts.add(writer.take(all_of_them=True))
    return ShardReport(counts.done, counts.failed)


def _explained(
    classifier: Classifier,
    prepared: Iterable[Batch],
    gatherings: Gatherings,
    store: Store,
    question: Question,
    size: BatchSize,
) -> Iterator[Explained]:
    """Batches that went through the model, each given on when the next one has been started: a GPU never waits."""
    before: Explained | None = None
    for batch in prepared:
        _begin(gatherings, batch, store, classifier, question)
        started = explain_batch(classifier, batch, gatherings, question, size)
        if before is not None:
            yield before
        before = started
    if before is not None:
        yield before


def _begin(gatherings: Gatherings, batch: Batch, store: Store, classifier: Classifier, question: Question) -> None:
    """Make room for the chunks that appear for the first time."""
    for item in batch.items:
        key = key_of(item.chunk)
        if key not in gatherings:
            classes = question.class_indices(store, item.chunk, classifier)
            gatherings[key] = Gathering(item.chunk, classes, classifier.grid, per_image=question.per_image)


class _Counts:
    """Specimens of the chunks that are on the disk."""

    def __init__(self, progress: OutcomeProgress | None) -> None:
        self.done = self.failed = 0
        self._progress = progress

    def add(self, written: Sequence[Any]) -> None:
        for status in written:
            done = int((status == Status.DONE).sum())
            self.done += done
            self.failed += len(status) - done
            if self._progress is not None:
                self._progress(done, len(status) - done)
