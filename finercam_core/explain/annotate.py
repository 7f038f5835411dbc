"""Compute and write the evidence of many chunks: decoding, the model and the disk work at the same time."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt
import torch

from finercam_core.explain.classifier import Classifier
from finercam_core.explain.evidence import explain
from finercam_core.images import ImageError, load_pixels
from finercam_core.status import Status
from finercam_core.store import Chunk, ChunkResult, open_store, write_chunk
from finercam_core.store.read import Store

Progress = Callable[[int, int], None]
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Item:
    """One specimen on its way through the model: its chunk, its row there, and its pixels or what is wrong."""

    chunk: Chunk
    row: int
    pixels: Pixels | None
    status: Status
    detail: str = ""


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
    method: str = "gradcam",
    decoders: int = 2,
    progress: Progress | None = None,
) -> ShardReport:
    """Compute the evidence of all specimens of some chunks and write each chunk as soon as it is complete.

    One forward pass of the model serves each image, whatever the number of references. A specimen whose image is
    bad, or whose values are, is recorded with its reason and the others go on.

    Parameters
    ----------
    location : str
        The store.
    chunks : sequence of Chunk
        From `pending_chunks`; nobody else may write to these.
    classifier : Classifier
    batch_size : int
        Images a forward pass.
    method : str
        Base method, see `finercam_core.explain`.
    decoders : int
        Threads that decode images.
    progress : callable, optional
        Called with the numbers of done and failed specimens of each chunk written.

    Returns
    -------
    ShardReport
    """
    store = open_store(location)
    classes = {chunk.group: class_indices(store, chunk, classifier) for chunk in chunks}
    pending = {_key(chunk): _Gathering(chunk, len(classes[chunk.group]), classifier.grid) for chunk in chunks}
    done = failed = 0
    with ThreadPoolExecutor(decoders) as pool, ThreadPoolExecutor(1) as writer:
        written: list[Future[npt.NDArray[np.uint8]]] = []
        items = _decode(pool, chunks, store, classifier, ahead=3 * batch_size)
        while batch := list(islice(items, batch_size)):
            _explain_batch(classifier, batch, classes, pending, method)
            for gathering in [g for g in pending.values() if g.complete]:
                del pending[_key(gathering.chunk)]
                written.append(writer.submit(write_chunk, location, gathering.chunk, gathering.result))
            done, failed = _collect(written, (done, failed), progress, wait=False)
        done, failed = _collect(written, (done, failed), progress, wait=True)
    return ShardReport(done, failed)


def class_indices(store: Store, chunk: Chunk, classifier: Classifier) -> list[int]:
    """Indices in the classifier of a species and its references, in the order that its group has them."""
    names = store.species_dataset(chunk.scientificName)["class"].values
    return [classifier.index(str(name)) for name in names]


def _key(chunk: Chunk) -> tuple[str, int]:
    return chunk.group, chunk.index


def _decode(
    pool: ThreadPoolExecutor, chunks: Iterable[Chunk], store: Store, classifier: Classifier, ahead: int
) -> Iterator[Item]:
    """Prepared specimens in the order of the chunks, decoded by the pool some way ahead of their use."""
    jobs = ((chunk, row, store.images_root, classifier) for chunk in chunks for row in range(len(chunk)))
    queue = deque(pool.submit(_item, *job) for job in islice(jobs, ahead))
    while queue:
        item = queue.popleft().result()
        queue.extend(pool.submit(_item, *job) for job in islice(jobs, 1))
        yield item


def _item(chunk: Chunk, row: int, root: str, classifier: Classifier) -> Item:
    if chunk.faults[row]:
        return Item(chunk, row, None, Status[chunk.faults[row]])
    if chunk.scientificName not in classifier:
        return Item(chunk, row, None, Status.UNKNOWN_SPECIES, chunk.scientificName)
    try:
        return Item(chunk, row, load_pixels(chunk.places[row], classifier.preparation, root=root), Status.DONE)
    except ImageError as error:
        return Item(chunk, row, None, error.status, str(error))


class _Gathering:
    """A chunk's result while its specimens come in."""

    def __init__(self, chunk: Chunk, classes: int, grid: tuple[int, int]) -> None:
        n = len(chunk)
        self.chunk = chunk
        self.missing = n
        self.result = ChunkResult(
            evidence=np.zeros((n, classes, *grid), np.float32),
            logit=np.zeros((n, classes), np.float32),
            log_sum_exp=np.zeros(n, np.float32),
            predicted=np.full(n, -1, np.int32),
            status=np.zeros(n, np.uint8),
        )

    @property
    def complete(self) -> bool:
        return self.missing == 0

    def settle(self, item: Item) -> None:
        """Take the outcome of one specimen, whose values are already in the result if it has any."""
        self.result.status[item.row] = item.status
        if item.detail:
            self.result.details[self.chunk.slots[item.row]] = item.detail
        self.missing -= 1


def _explain_batch(
    classifier: Classifier,
    batch: Sequence[Item],
    classes: dict[str, list[int]],
    pending: dict[tuple[str, int], _Gathering],
    method: str,
) -> None:
    good = [item for item in batch if item.pixels is not None]
    if good:
        pixels = np.stack([item.pixels for item in good if item.pixels is not None])
        wanted = [classes[item.chunk.group] for item in good]
        width = max(map(len, wanted))
        # Species with fewer references are filled up with their own class; those maps are cut off again below.
        table = np.array([[*row, *[row[0]] * (width - len(row))] for row in wanted])
        explanation = explain(classifier, classifier.preparation.normalise(pixels), table, method=method)
        logits = explanation.logits
        chosen = logits.gather(1, torch.as_tensor(table, device=logits.device)).cpu().numpy()
        total, predicted = logits.logsumexp(1).cpu().numpy(), logits.argmax(1).cpu().numpy()
        maps = explanation.evidence.cpu().numpy()
        for i, item in enumerate(good):
            result, count = pending[_key(item.chunk)].result, len(wanted[i])
            result.evidence[item.row], result.logit[item.row] = maps[i, :count], chosen[i, :count]
            result.log_sum_exp[item.row], result.predicted[item.row] = total[i], predicted[i]
    for item in batch:
        pending[_key(item.chunk)].settle(item)


def _collect(
    written: list[Future[npt.NDArray[np.uint8]]], counts: tuple[int, int], progress: Progress | None, *, wait: bool
) -> tuple[int, int]:
    """Take note of the chunks that are on the disk; raises what the writer raised."""
    done, failed = counts
    ready = [future for future in written if wait or future.done()]
    for future in ready:
        written.remove(future)
        status = future.result()
        good = int((status == Status.DONE).sum())
        done, failed = done + good, failed + len(status) - good
        if progress is not None:
            progress(good, len(status) - good)
    return done, failed
