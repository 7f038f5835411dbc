"""Masks written specimen by specimen: in this process or, where each has files of its own, in several."""

import logging
import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import chain, groupby, islice
from operator import attrgetter
from pathlib import Path

from finercam_core.export.formats.mask_writer import MaskWriter
from finercam_core.export.mask_records import ExportItem, MaskRecord, SpecimenError
from finercam_core.images.faults import ImageError
from finercam_core.io.workers import end_with_parent
from finercam_core.store import open_store

ALONE = 200  # specimens that this process writes first: starting others pays only where there are more
AHEAD = 4  # specimens queued for each process; their masks are in memory


@dataclass(frozen=True)
class SpecimenMasks:
    """Masks of one specimen, and why some or all of them are unavailable."""

    image_id: str
    masks: Sequence[MaskRecord]
    failed: str | None = None


@dataclass(frozen=True)
class WrittenSpecimen:
    """How many masks of a specimen were written, and why not all of them."""

    image_id: str
    masks: int
    failed: str | None


def written(writer: MaskWriter, records: Iterable[ExportItem], workers: int = 1) -> Iterator[WrittenSpecimen]:
    """Write masks; those of one specimen follow each other.

    Parameters
    ----------
    writer : MaskWriter
        Already entered.
    records : iterable of MaskRecord or UnavailableMask
    workers : int
        Processes that write, where the writer is `MaskWriter.apart` and there are more than `ALONE` specimens.

    Yields
    ------
    WrittenSpecimen, in the order of the specimens.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    specimens = _specimens(writer, records)
    alone = ALONE if writer.apart and workers > 1 else None
    for specimen in islice(specimens, alone):
        yield write(writer, specimen)
    if (following := next(specimens, None)) is not None:
        yield from _beside(writer, chain([following], specimens), workers)


def write(writer: MaskWriter, specimen: SpecimenMasks) -> WrittenSpecimen:
    """Write one specimen's masks; an error of this specimen alone becomes its reason."""
    before, failed = writer.count, specimen.failed
    try:
        if specimen.masks:
            writer.add(specimen.masks)
    except (ImageError, SpecimenError) as error:
        failed = str(error)
    return WrittenSpecimen(specimen.image_id, writer.count - before, failed)


def _specimens(writer: MaskWriter, records: Iterable[ExportItem]) -> Iterator[SpecimenMasks]:
    """Masks by specimen, with all that the writer needs of the store."""
    for image_id, group in groupby(records, key=attrgetter("image_id")):
        parts = list(group)
        failures = [str(part.error) for part in parts if not isinstance(part, MaskRecord)]
        masks = [part for part in parts if isinstance(part, MaskRecord)]
        try:
            yield SpecimenMasks(
                image_id, writer.prepared(masks) if masks else masks, failures[-1] if failures else None
            )
        except SpecimenError as error:
            yield SpecimenMasks(image_id, [], str(error))


def _beside(writer: MaskWriter, specimens: Iterator[SpecimenMasks], workers: int) -> Iterator[WrittenSpecimen]:
    """Write in processes; if one of them dies, this one writes the rest."""
    # Not forked: Zarr's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    target = (type(writer), writer.folder, writer.store.location, writer.store.images_root)
    queue: deque[tuple[SpecimenMasks, Future[WrittenSpecimen]]] = deque()
    with ProcessPoolExecutor(workers, context, initializer=_open_writer, initargs=target) as pool:
        try:
            for specimen in specimens:
                queue.append((specimen, pool.submit(_write_beside, specimen)))
                if len(queue) >= workers * AHEAD:
                    yield queue[0][1].result()
                    queue.popleft()
            while queue:
                yield queue[0][1].result()
                queue.popleft()
        except BrokenProcessPool:
            logging.getLogger(__name__).warning("a process that writes masks died: the rest is written in this one")
    yield from (write(writer, specimen) for specimen in chain((queued for queued, _ in queue), specimens))


_own_writer: list[MaskWriter] = []


def _open_writer(kind: type[MaskWriter], folder: Path, location: str, images: str) -> None:
    """Open the store and keep a writer, in a process that writes."""
    end_with_parent()
    _own_writer[:] = [kind(folder, open_store(location, images=images))]


def _write_beside(specimen: SpecimenMasks) -> WrittenSpecimen:
    return write(_own_writer[0], specimen)
