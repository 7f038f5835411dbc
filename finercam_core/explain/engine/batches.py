"""Batches of specimens through the model: prepared ahead of their turn, explained, and their values put into chunks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice

import numpy as np
import torch

from finercam_core.explain.engine.background import HostCopy
from finercam_core.explain.engine.batch_size import BatchSize
from finercam_core.explain.engine.decoders import DecodedSpecimen
from finercam_core.explain.engine.device_decoder import on_device
from finercam_core.explain.engine.request import ClassTable, EvidenceRequest
from finercam_core.explain.evidence import explain
from finercam_core.explain.model.classifier import Classifier
from finercam_core.images.faults import ImageError
from finercam_core.images.preparation import Preparation
from finercam_core.store import Chunk, ChunkResult


@dataclass(frozen=True)
class Batch:
    """Specimens that go through the model together.

    Attributes
    ----------
    specimens : sequence of DecodedSpecimen
    readable : list of DecodedSpecimen
        Those with pixels, fold by fold.
    pixels : uint8 tensor (len(readable), H, W, 3)
        On the classifier's device already, or on the way there.
    """

    specimens: Sequence[DecodedSpecimen]
    readable: list[DecodedSpecimen]
    pixels: torch.Tensor


def batches(
    specimens: Iterable[DecodedSpecimen], size: int, device: torch.device, preparation: Preparation | None = None
) -> Iterator[Batch]:
    """Batches of `size` specimens with their pixels on the device; from page-locked memory where that is a GPU.

    With a preparation, JPEGs that came as files are decoded on the device; one that turns out to be broken is recorded
    as such.
    """
    remaining = iter(specimens)
    while part := list(islice(remaining, size)):
        made = {} if preparation is None else _decoded_there(part, preparation, device)
        part = [_with_fault(specimen, made.get(place)) for place, specimen in enumerate(part)]
        readable = [(place, one) for place, one in enumerate(part) if one.pixels is not None]
        readable.sort(key=lambda pair: pair[1].fold)
        yield Batch(part, [one for _, one in readable], _gathered(readable, made, device))


def _decoded_there(
    part: Sequence[DecodedSpecimen], preparation: Preparation, device: torch.device
) -> dict[int, torch.Tensor | ImageError]:
    """What became of the JPEGs among some specimens, by their places."""
    files = {i: one.pixels for i, one in enumerate(part) if one.pixels is not None and one.pixels.ndim == 1}
    return dict(zip(files, on_device(list(files.values()), preparation, device), strict=True))


def _with_fault(specimen: DecodedSpecimen, outcome: torch.Tensor | ImageError | None) -> DecodedSpecimen:
    if not isinstance(outcome, ImageError):
        return specimen
    where = specimen.chunk.places[specimen.row]
    error = ImageError(outcome.status, where, outcome.detail)
    return replace(specimen, pixels=None, status=error.status, detail=str(error))


def _gathered(
    readable: Sequence[tuple[int, DecodedSpecimen]],
    made: Mapping[int, torch.Tensor | ImageError],
    device: torch.device,
) -> torch.Tensor:
    """Pixels (N, H, W, 3) on the device, of those that were decoded there and of those that were not."""
    images = [made.get(place, specimen.pixels) for place, specimen in readable]
    hosts = [image for image in images if isinstance(image, np.ndarray)]
    pixels = torch.from_numpy(np.stack(hosts) if hosts else np.zeros(0, np.uint8))
    if device.type == "cuda":
        pixels = pixels.pin_memory().to(device, non_blocking=True)
    if len(hosts) == len(images):
        return pixels
    sent = iter(pixels)
    return torch.stack([image if isinstance(image, torch.Tensor) else next(sent) for image in images])


def normalised_on_device(pixels: torch.Tensor, preparation: Preparation) -> torch.Tensor:
    """`Preparation.normalise` where the pixels are: (N, H, W, 3) uint8 to (N, 3, H, W) float32, to the same bits."""
    factors = preparation.normalisation
    scale, shift = (torch.from_numpy(factor).to(pixels.device)[:, None, None] for factor in factors)
    return (pixels.permute(0, 3, 1, 2).to(torch.float32) / scale - shift).contiguous()


class PartialChunk:
    """A chunk's result while its specimens come in.

    Parameters
    ----------
    chunk : Chunk
    classes : sequence of int
        Indices in the classifier of the classes on the chunk's axis `class`.
    grid : (int, int)
        Height and width of the maps in cells.
    per_image : bool
        Whether each image has references of its own.
    """

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

    def add(self, specimen: DecodedSpecimen) -> None:
        """Note the outcome of one specimen, whose values are already in the result if it has any."""
        self.result.status[specimen.row] = specimen.status
        if specimen.detail:
            self.result.details[self.chunk.slots[specimen.row]] = specimen.detail
        self.missing -= 1


PartialChunks = dict[tuple[str, int], PartialChunk]
"""Chunks that are being filled, by `key_of`."""


def key_of(chunk: Chunk) -> tuple[str, int]:
    """Group and number of a chunk, which no other chunk has."""
    return chunk.group, chunk.index


@dataclass(frozen=True)
class ExplainedBatch:
    """A batch that the model has been asked for; on a GPU it may still be at work.

    Attributes
    ----------
    batch : Batch
    parts : list of HostCopy
        Evidence, logits of its classes, its classes, log-sum-exp and first choices of the readable specimens, on their
        way to the host; several parts where the batch did not fit into memory at once.
    """

    batch: Batch
    parts: list[HostCopy]

    def add_to(self, partial_chunks: PartialChunks) -> None:
        """Put each specimen's evidence and scores into its chunk's result."""
        readable = iter(self.batch.readable)
        for part in self.parts:
            # The part comes first in the zip: when it ends, no specimen has been taken from the iterator for it.
            for (maps, logits, classes, log_sum_exp, predicted), specimen in zip(
                zip(*part.arrays(), strict=True), readable, strict=False
            ):
                partial = partial_chunks[key_of(specimen.chunk)]
                # A row of `class_table` may be longer than the chunk's own classes.
                result, row, count = partial.result, specimen.row, len(partial.classes)
                result.evidence[row], result.logit[row] = maps[:count], logits[:count]
                result.log_sum_exp[row], result.predicted[row] = log_sum_exp, predicted
                if result.reference is not None:
                    result.reference[row] = classes[:count]
        for specimen in self.batch.specimens:
            partial_chunks[key_of(specimen.chunk)].add(specimen)


def explain_batch(
    classifier: Classifier, batch: Batch, partial_chunks: PartialChunks, request: EvidenceRequest, size: BatchSize
) -> ExplainedBatch:
    """Ask the model for the maps and scores of a batch, in halves where they do not fit into memory.

    Each image goes through the model once, with the head of its fold where the classifier was cross-fitted.
    """
    table = class_table([partial_chunks[key_of(specimen.chunk)].classes for specimen in batch.readable])

    def explain_rows(model: Classifier, rows: slice) -> HostCopy:
        images = normalised_on_device(batch.pixels[rows], model.preparation)
        wanted = request.classes(table[rows])
        explanation = explain(model, images, wanted, method=request.method, gamma=request.gamma)
        logits, classes = explanation.logits, explanation.classes
        return HostCopy(
            [explanation.evidence, logits.gather(1, classes), classes, logits.logsumexp(1), logits.argmax(1)]
        )

    parts: list[HostCopy] = []
    for fold, members in groupby(enumerate(batch.readable), key=lambda pair: pair[1].fold):
        first, *rest = [row for row, _ in members]
        model = classifier.for_fold(fold)

        def explain_some(rows: slice, first: int = first, model: Classifier = model) -> HostCopy:
            return explain_rows(model, slice(first + rows.start, first + rows.stop))

        parts += size.run(explain_some, 1 + len(rest))
    return ExplainedBatch(batch, parts)


def class_table(classes: Sequence[Sequence[int]]) -> ClassTable:
    """Classes of each specimen as one table; shorter rows are filled up with another class, to be cut off again."""
    width = max(map(len, classes), default=0)
    return np.array([[*row, *[int(row[0] == 0)] * (width - len(row))] for row in classes])
