"""Chunks: what is left to compute, and how one chunk is written so that a kill at any moment costs that chunk alone."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import zarr

from finercam_core.errors import StoreError
from finercam_core.status import Status
from finercam_core.store.files import Files
from finercam_core.store.layout import CHUNK, FAILURES, SPECIMENS, Words, state_words, status_of, with_status

FLOAT16_MAX = float(np.finfo(np.float16).max)


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
    """

    group: str
    index: int
    scientificName: str
    slots: tuple[int, ...]
    image_ids: tuple[str, ...]
    places: tuple[str, ...]
    faults: tuple[str, ...]
    words: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.slots)


@dataclass(frozen=True)
class ChunkResult:
    """What was computed for the n specimens of a chunk; rows of failed ones hold anything.

    Attributes
    ----------
    evidence : float32 array (n, C, h, w)
    logit : float32 array (n, C)
    log_sum_exp : float32 array (n,)
    predicted : int32 array (n,)
        Index of the classifier's first choice in its class list.
    status : uint8 array (n,)
        `Status` codes.
    details : dict
        Slot to a sentence about what went wrong.
    """

    evidence: npt.NDArray[np.float32]
    logit: npt.NDArray[np.float32]
    log_sum_exp: npt.NDArray[np.float32]
    predicted: npt.NDArray[np.int32]
    status: npt.NDArray[np.uint8]
    details: dict[int, str] = field(default_factory=dict)


def pending_chunks(location: str, *, retry_failed: bool = False) -> Iterator[Chunk]:
    """Chunks with specimens that are new, changed or not computed yet, in the order of the store.

    Parameters
    ----------
    location : str
        The store.
    retry_failed : bool
        Also give specimens that failed before and whose image did not change.
    """
    files = Files(location)
    table = files.read_table(SPECIMENS)
    root = zarr.open_group(files.location, mode="r")
    for group, rows in table.groupby("group", sort=True):
        state = np.asarray(_read(root, f"{group}/state"))
        yield from _pending_of_species(str(group), rows.sort_values("slot"), state, retry_failed)


def _pending_of_species(group: str, rows: pd.DataFrame, state: Words, retry_failed: bool) -> Iterator[Chunk]:
    words = state_words(rows["fingerprint"].tolist())
    status = status_of(state)
    todo = (status == Status.PENDING) | ((state >> np.uint64(8)) != (words >> np.uint64(8)))
    if retry_failed:
        todo |= status > Status.DONE
    todo &= rows["listed"].to_numpy(bool)
    if not todo.any():
        return
    places = rows["path"].where(rows["path"] != "", rows["accessURI"]).to_numpy()
    ids, faults, slots = rows["image_id"].to_numpy(), rows["fault"].to_numpy(), rows["slot"].to_numpy()
    for index in np.unique(slots[todo] // CHUNK):
        at = np.flatnonzero(todo & (slots // CHUNK == index))
        yield Chunk(
            group, int(index), str(rows["scientificName"].iloc[0]), tuple(slots[at].tolist()), tuple(ids[at]),
            tuple(places[at]), tuple(faults[at]), tuple(words[at].tolist()),
        )  # fmt: skip


def write_chunk(location: str, chunk: Chunk, result: ChunkResult) -> npt.NDArray[np.uint8]:
    """Write a chunk: evidence and scores first, its failures, and the state last.

    Specimens whose values are not finite or do not fit into float16 are recorded as failed. Rows of the same
    chunk that were computed before are kept.

    Returns
    -------
    uint8 array (n,), the `Status` of each specimen as stored.

    Raises
    ------
    StoreError
        If the result's shape does not fit the store's, or a slot lies outside the chunk.
    """
    root = zarr.open_group(location, mode="r+")
    rows = np.asarray(chunk.slots) - chunk.index * CHUNK
    if rows.min() < 0 or rows.max() >= CHUNK:
        raise StoreError(f"slots {chunk.slots} are not in chunk {chunk.index}", "write each chunk by itself")
    status, details = _judge(chunk, result)
    good = status == Status.DONE
    blocks: dict[str, Any] = {"evidence": result.evidence, "logit": result.logit}
    blocks |= {"log_sum_exp": result.log_sum_exp, "predicted": result.predicted}
    for name, values in blocks.items():
        _write_rows(_get(root, f"{chunk.group}/{name}"), chunk.index, rows, values, good)
    _write_failures(Files(location), chunk, details)
    words = with_status(np.asarray(chunk.words, np.uint64), status)
    _write_rows(_get(root, f"{chunk.group}/state"), chunk.index, rows, words, np.ones(len(rows), bool))
    return status


def _judge(chunk: Chunk, result: ChunkResult) -> tuple[npt.NDArray[np.uint8], dict[int, str]]:
    """Final status of each specimen, with the failures of its values added to those of its image."""
    status, details = result.status.copy(), dict(result.details)
    done = status == Status.DONE
    finite = np.isfinite(result.evidence).all(axis=(1, 2, 3)) & np.isfinite(result.logit).all(axis=1)
    largest = np.abs(result.evidence).max(axis=(1, 2, 3), initial=0)
    status[done & ~finite] = Status.NOT_FINITE
    status[done & finite & (largest > FLOAT16_MAX)] = Status.OVERFLOW
    for row in np.flatnonzero(done & (status != Status.DONE)):
        details[chunk.slots[row]] = f"largest absolute evidence {largest[row]:g}"
    return status, details


def _write_rows(
    array: zarr.Array[Any], index: int, rows: npt.NDArray[Any], values: npt.NDArray[Any], good: npt.NDArray[Any]
) -> None:
    """Replace rows of one whole chunk: read, change, write aligned, since partial writes would lose rows."""
    if array.chunks[0] != CHUNK or values.shape[1:] != array.shape[1:]:
        raise StoreError(f"rows of shape {values.shape[1:]} for {array.path} {array.shape}", "write to a new store")
    span = slice(index * CHUNK, min((index + 1) * CHUNK, array.shape[0]))
    block = np.array(array[span])
    block[rows[good]] = values[good].astype(array.dtype)
    block[rows[~good]] = array.fill_value
    array[span] = block


def _write_failures(files: Files, chunk: Chunk, details: dict[int, str]) -> None:
    """Keep the sentences of the chunk's other specimens, replace those of the ones computed now."""
    name = f"{FAILURES}/{chunk.group}/{chunk.index}.json"
    before: dict[str, str] = json.loads(files.read(name)) if files.exists(name) else {}
    ids = dict(zip(chunk.slots, chunk.image_ids, strict=True))
    after = {key: text for key, text in before.items() if key not in ids.values()}
    after |= {ids[slot]: sentence for slot, sentence in details.items()}
    if after:
        files.write_json(name, after)
    elif before:
        files.remove(name)


def _read(root: zarr.Group, path: str) -> npt.NDArray[Any]:
    return np.asarray(_get(root, path)[:])


def _get(root: zarr.Group, path: str) -> zarr.Array[Any]:
    array = root[path]
    if not isinstance(array, zarr.Array):
        raise StoreError(f"{path} is not an array", "the store is damaged; write to a new one")
    return array
