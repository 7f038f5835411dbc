"""The specimens left to compute, by chunk: new, changed or not done yet; and what is left of them later."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import zarr

from finercam_core.catalog.columns import image_locations
from finercam_core.io.files import Files
from finercam_core.status import Status
from finercam_core.store.integrity.plan_table import PlanPieces
from finercam_core.store.layout import CHUNK, Words, state_words, status_of
from finercam_core.store.provenance import read_provenance
from finercam_core.store.states import chunk_starts, read_states

_COLUMNS = ["group", "slot", "scientificName", "image_id", "path", "accessURI", "fault", "fingerprint", "listed"]


@dataclass(frozen=True)
class Chunk:
    """Specimens of one species that share a chunk and are still to be computed.

    Attributes
    ----------
    group : str
        Path of the species' group.
    index : int
        Number of the chunk along `specimen`; slots ``index * 64`` to ``index * 64 + 63``.
    scientificName : str
    slots : tuple of int
        Slots to compute, ascending, in the whole species' numbering.
    image_ids, places, faults : tuple of str
        For each slot its id, where its image is, and the `Status` name of a fault known beforehand, or "".
    words : tuple of int
        For each slot its `state` word without a status.
    folds : tuple of int
        For each slot the fold of its image in a cross-fitted classifier; empty where there are none.
    """

    group: str
    index: int
    scientificName: str
    slots: tuple[int, ...]
    image_ids: tuple[str, ...]
    places: tuple[str, ...]
    faults: tuple[str, ...]
    words: tuple[int, ...]
    folds: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.slots)


class Backlog(Iterable[Chunk]):
    """What is left to compute in a store, in the order of the store; chunks are made as they are iterated over.

    Of the plan it holds a bit for each row; the rest is read again, piece by piece.

    Attributes
    ----------
    specimens : int
        How many are to be computed.
    """

    def __init__(self, plan: PlanPieces, todo: Sequence[npt.NDArray[np.bool_]], chunks: int) -> None:
        self._plan, self._todo, self._chunks = plan, [np.packbits(rows) for rows in todo], chunks
        self.specimens = sum(int(rows.sum()) for rows in todo)

    def in_shards(self, size: int, first: float = 0.0) -> Iterator[tuple[int, list[Chunk]]]:
        """Chunks by shard: number and what is to be computed of it; a shard is the same rows of a plan for everybody.

        Parameters
        ----------
        size : int
            Rows of the plan in a shard, rounded to whole chunks.
        first : float
            Where to begin, as a share of what is left, in [0, 1): several writers begin at different places.
        """
        begin = int(first * self._chunks)
        places = chain(self._chunks_from(begin, self._chunks), self._chunks_from(0, begin))
        for number, members in groupby(places, key=lambda place: place[0] // size):
            yield number, [chunk for _, chunk in members]

    def __iter__(self) -> Iterator[Chunk]:
        return (chunk for _, chunk in self._chunks_from(0, self._chunks))

    def _chunks_from(self, first: int, stop: int) -> Iterator[tuple[int, Chunk]]:
        """Chunks by their number among those to be computed, each with the row of the plan at which it begins."""
        number = before = 0
        for piece, packed in zip(self._plan, self._todo, strict=True):
            if number >= stop:
                return
            rows = _by_chunk(piece, np.unpackbits(packed, count=len(piece)).astype(bool))
            wanted = rows[max(0, first - number) : max(0, stop - number)]
            words = state_words(piece["fingerprint"].tolist() if wanted else [])
            yield from ((before + start, _chunk(piece, words, members)) for start, members in wanted)
            number += len(rows)
            before += len(piece)


def pending_chunks(location: str, *, retry_failed: bool = False) -> Backlog:
    """Chunks with specimens that are new, changed or not computed yet, in the order of the store.

    Parameters
    ----------
    location : str
        The store.
    retry_failed : bool
        Include specimens that failed before and whose image did not change.
    """
    files = Files(location)
    plan = PlanPieces(files, [*_COLUMNS, "fold"] if _has_folds(files) else _COLUMNS)
    todo, chunks = list[npt.NDArray[np.bool_]](), 0
    for piece in plan:
        words = state_words(piece["fingerprint"].tolist())
        rows = _todo(read_states(files, piece).words, words, retry_failed) & piece["listed"].to_numpy(bool)
        todo.append(rows)
        chunks += len(_by_chunk(piece, rows))
    return Backlog(plan, todo, chunks)


def _has_folds(files: Files) -> bool:
    """Whether the classifier has heads for folds of the images."""
    provenance = read_provenance(files.group())
    return provenance is not None and provenance.parts is not None and provenance.parts.folds > 0


def _todo(state: Words, words: Words, retry_failed: bool) -> npt.NDArray[np.bool_]:
    status = status_of(state)
    todo = (status == Status.PENDING) | ((state >> np.uint64(8)) != (words >> np.uint64(8)))
    if retry_failed:
        todo |= status > Status.DONE
    return np.asarray(todo, np.bool_)


def _by_chunk(table: pd.DataFrame, todo: npt.NDArray[np.bool_]) -> list[tuple[int, npt.NDArray[np.intp]]]:
    """For each chunk of a plan in which there is something to do: its first row, and the rows to do."""
    if not todo.any():
        return []
    starts = chunk_starts(table)
    rows = np.flatnonzero(todo)
    chunk = np.searchsorted(starts, rows, side="right") - 1
    parts = np.split(rows, np.flatnonzero(np.diff(chunk)) + 1)
    return [(int(starts[number]), part) for number, part in zip(np.unique(chunk), parts, strict=True)]


def _chunk(table: pd.DataFrame, words: Words, positions: npt.NDArray[np.intp]) -> Chunk:
    rows = table.iloc[positions]
    slots = [int(slot) for slot in rows["slot"]]
    return Chunk(
        str(rows["group"].iloc[0]), slots[0] // CHUNK, str(rows["scientificName"].iloc[0]), tuple(slots),
        tuple(rows["image_id"]), tuple(image_locations(rows)), tuple(rows["fault"]), tuple(words[positions].tolist()),
        tuple(rows["fold"].tolist()) if "fold" in rows else (),
    )  # fmt: skip


T = TypeVar("T")


def without_written(location: str, chunks: Sequence[Chunk], *, failed: bool = False) -> tuple[list[Chunk], int]:
    """Leave out the specimens that were done after the chunks were planned, as by a worker that was lost later.

    Parameters
    ----------
    location : str
        The store.
    chunks : sequence of Chunk
    failed : bool
        Leave out those that failed, too. Otherwise they stay: they cost little.

    Returns
    -------
    list of Chunk, what is left; and int, the number of specimens left out.
    """
    root = Files(location).group("r")
    remaining = [rest for chunk in chunks if len(rest := _remaining(root, chunk, failed))]
    return remaining, sum(map(len, chunks)) - sum(map(len, remaining))


def _remaining(root: zarr.Group, chunk: Chunk, failed: bool) -> Chunk:
    array = root[f"{chunk.group}/state"]
    assert isinstance(array, zarr.Array)
    start = chunk.index * CHUNK
    state = np.asarray(array[start : start + CHUNK], np.uint64)[np.asarray(chunk.slots) - start]
    same = state >> np.uint64(8) == np.asarray(chunk.words, np.uint64) >> np.uint64(8)
    status = status_of(state)
    keep = np.flatnonzero(~(same & ((status == Status.DONE) | (failed & (status > Status.DONE))))).tolist()
    return Chunk(
        chunk.group, chunk.index, chunk.scientificName, _selected(chunk.slots, keep), _selected(chunk.image_ids, keep),
        _selected(chunk.places, keep), _selected(chunk.faults, keep), _selected(chunk.words, keep),
        _selected(chunk.folds, keep) if chunk.folds else (),
    )  # fmt: skip


def _selected(values: tuple[T, ...], keep: Sequence[int]) -> tuple[T, ...]:
    return tuple(values[i] for i in keep)
