"""One batch of specimens through the model: prepared ahead of its turn, and its values put where they belong."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch

from finercam_core.explain.engine.background import Leaving
from finercam_core.explain.engine.batch_size import BatchSize
from finercam_core.explain.engine.decoders import Item
from finercam_core.explain.engine.request import Question, Table
from finercam_core.explain.evidence import explain
from finercam_core.explain.model.classifier import Classifier
from finercam_core.images.preparation import Preparation
from finercam_core.store import Chunk, ChunkResult


@dataclass(frozen=True)
class Batch:
    """Specimens that go through the model together.

    Attributes
    ----------
    items : sequence of Item
    good : list of Item
        Those with pixels.
    pixels : uint8 tensor (len(good), H, W, 3)
        On the classifier's device already, or on the way there.
    """

    items: Sequence[Item]
    good: list[Item]
    pixels: torch.Tensor


def batches(items: Iterable[Item], size: int, device: torch.device) -> Iterator[Batch]:
    """Batches of `size` items with their pixels on the device; from page-locked memory where that is a GPU."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        good = [item for item in part if item.pixels is not None]
        stacked = np.stack([item.pixels for item in good if item.pixels is not None]) if good else np.zeros(0, np.uint8)
        pixels = torch.from_numpy(stacked)
        if device.type == "cuda":
            pixels = pixels.pin_memory().to(device, non_blocking=True)
        yield Batch(part, good, pixels)


def normalised(pixels: torch.Tensor, preparation: Preparation) -> torch.Tensor:
    """`Preparation.normalise` where the pixels are: (N, H, W, 3) uint8 to (N, 3, H, W) float32, to the same bits."""
    scale = np.asarray(255.0, np.float32) * np.asarray(preparation.std, np.float32)
    shift = np.asarray(preparation.mean, np.float32) / np.asarray(preparation.std, np.float32)
    divisor, offset = (torch.from_numpy(v).to(pixels.device)[:, None, None] for v in (scale, shift))
    return (pixels.permute(0, 3, 1, 2).to(torch.float32) / divisor - offset).contiguous()


class Gathering:
    """A chunk's result while its specimens come in."""

    def __init__(self, chunk: Chunk, classes: Sequence[int], grid: tuple[int, int], *, per_image: bool = False) -> None:
        n = len(chunk)
        self.chunk = chunk
        self.classes = classes
        self.missing = n
        self.result = ChunkResult(
            evidence=np.zeros((n, len(classes), *grid), np.float32),
            logit=np.zeros((n, len(classes)), np.float32),
            log_sum_exp=np.zeros(n, np.float32),
            predicted=np.full(n, -1, np.int32),
            status=np.zeros(n, np.uint8),
            reference=np.full((n, len(classes)), -1, np.int32) if per_image else None,
        )

    @property
    def complete(self) -> bool:
        """Whether every specimen of the chunk has come in."""
        return self.missing == 0

    def settle(self, item: Item) -> None:
        """Take the outcome of one specimen, whose values are already in the result if it has any."""
        self.result.status[item.row] = item.status
        if item.detail:
            self.result.details[self.chunk.slots[item.row]] = item.detail
        self.missing -= 1


Gatherings = dict[tuple[str, int], Gathering]


def key_of(chunk: Chunk) -> tuple[str, int]:
    """What a chunk is found by."""
    return chunk.group, chunk.index


@dataclass(frozen=True)
class Explained:
    """A batch that the model has been asked for; on a GPU it may still be at work.

    Attributes
    ----------
    batch : Batch
    parts : list of Leaving
        Evidence, its classes and their logits, log-sum-exp and first choices of the good specimens, on their way to
        the host; several parts where the batch did not fit into memory at once.
    """

    batch: Batch
    parts: list[Leaving]

    def settle(self, gatherings: Gatherings) -> None:
        """Put each specimen's evidence and scores into its chunk's result."""
        good = iter(self.batch.good)
        for part in self.parts:
            # A part is asked first: at its end no specimen is taken for it.
            for (maps, chosen, classes, total, predicted), item in zip(
                zip(*part.arrays(), strict=True), good, strict=False
            ):
                gathering = gatherings[key_of(item.chunk)]
                result, count = gathering.result, len(gathering.classes)
                result.evidence[item.row], result.logit[item.row] = maps[:count], chosen[:count]
                result.log_sum_exp[item.row], result.predicted[item.row] = total, predicted
                if result.reference is not None:
                    result.reference[item.row] = classes[:count]
        for item in self.batch.items:
            gatherings[key_of(item.chunk)].settle(item)


def explain_batch(
    classifier: Classifier, batch: Batch, gatherings: Gatherings, question: Question, size: BatchSize
) -> Explained:
    """Ask the model for the maps and scores of a batch, in halves where they do not fit into memory."""
    table = class_table([gatherings[key_of(item.chunk)].classes for item in batch.good])

    def work(rows: slice) -> Leaving:
        images = normalised(batch.pixels[rows], classifier.preparation)
        wanted = question.classes(table[rows])
        found = explain(classifier, images, wanted, method=question.method, gamma=question.gamma)
        chosen = found.logits.gather(1, found.classes)
        return Leaving([found.evidence, chosen, found.classes, found.logits.logsumexp(1), found.logits.argmax(1)])

    return Explained(batch, size.run(work, len(batch.good)))


def class_table(wanted: Sequence[Sequence[int]]) -> Table:
    """Classes of each specimen as one table; shorter rows are filled up with another class, to be cut off."""
    width = max(map(len, wanted), default=0)
    return np.array([[*row, *[int(row[0] == 0)] * (width - len(row))] for row in wanted])
