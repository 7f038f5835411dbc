"""Write one chunk: a kill at any moment costs that chunk alone, and no reader takes half a chunk for a whole one."""

import json
import logging
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr

from finercam_core.errors import StoreError
from finercam_core.io.disk.zarr_store import sync
from finercam_core.io.faults import store_errors
from finercam_core.io.files import Files
from finercam_core.status import Status
from finercam_core.store.backlog import Chunk
from finercam_core.store.integrity.checksums import DAMAGE
from finercam_core.store.integrity.digests import checked, with_digest
from finercam_core.store.layout import CHUNK, FAILURES, value_names, with_status
from finercam_core.store.lock import check_held
from finercam_core.store.provenance import has_own_references

log = logging.getLogger(__name__)
FLOAT16_MAX = float(np.finfo(np.float16).max)


@dataclass(frozen=True)
class ChunkResult:
    """What was computed for the n specimens of a chunk; rows of failed ones may hold any values.

    Attributes
    ----------
    evidence : float32 array (n, C, h, w)
    logit : float32 array (n, C)
    log_sum_exp : float32 array (n,)
    predicted : int32 array (n,)
        Index of the classifier's first choice in its class list.
    status : uint8 array (n,)
        `Status` codes.
    reference : int32 array (n, C), optional
        Classes that the maps are of, as indices in the classifier's list, in stores where each image has its own.
    details : dict
        By slot, a sentence about what went wrong.
    """

    evidence: npt.NDArray[np.float32]
    logit: npt.NDArray[np.float32]
    log_sum_exp: npt.NDArray[np.float32]
    predicted: npt.NDArray[np.int32]
    status: npt.NDArray[np.uint8]
    details: dict[int, str] = field(default_factory=dict)
    reference: npt.NDArray[np.int32] | None = None


def write_chunk(location: str, chunk: Chunk, result: ChunkResult) -> npt.NDArray[np.uint8]:
    """Write a chunk: evidence and scores first, its failures, and the state last, each on the disk before the next.

    Specimens whose values are not finite or do not fit into float16 are recorded as failed. Rows of the same chunk
    that were computed before are kept; if they turn out to be damaged, they are marked as not computed, so that the
    next run computes them again.

    Returns
    -------
    uint8 array (n,), the `Status` of each specimen as stored.

    Raises
    ------
    StoreError
        If the result's shape does not fit the store's, a slot lies outside the chunk, the disk is full or read-only,
        or another run has taken the store over.
    """
    check_held(location)
    rows = np.asarray(chunk.slots) - chunk.index * CHUNK
    if rows.min() < 0 or rows.max() >= CHUNK:
        raise StoreError(f"slots {chunk.slots} are not in chunk {chunk.index}", "write each chunk by itself")
    status, details = _judge(chunk, result)
    with store_errors(location):
        _write(Files(location), chunk, rows, result, status, details)
    _tell(chunk, status, details)
    return status


def _tell(chunk: Chunk, status: npt.NDArray[np.uint8], details: dict[int, str]) -> None:
    """Say in the log of each specimen without a map why."""
    for row in np.flatnonzero(status > Status.DONE):
        slot, cause = chunk.slots[row], Status(int(status[row]))
        about = {"specimen": chunk.image_ids[row], "species": chunk.scientificName, "status": cause.name}
        log.info("no map: %s", details.get(slot) or cause.sentence, extra=about)


def _write(
    files: Files, chunk: Chunk, rows: npt.NDArray[Any], result: ChunkResult, status: Any, details: dict[int, str]
) -> None:
    root, good = files.group("r+"), status == Status.DONE
    state = _Block(root, chunk, "state", keep=True)
    names = value_names(per_image=has_own_references(root))
    blocks = {name: _Block(root, chunk, name, keep=len(rows) < state.length) for name in names}
    for name, block in blocks.items():
        values = getattr(result, name)
        if values is None:
            raise StoreError(f"{name} is missing for {chunk.group}", "give the classes of each map")
        block.take(rows, values, good)
    check_held(files.location)
    if _forget(chunk, rows, state, list(blocks.values())):
        state.write()
        sync(root)
    for block in blocks.values():
        block.write()
    sync(root)
    _write_failures(files, chunk, details)
    check_held(files.location)
    state.values[rows] = with_status(np.asarray(chunk.words, np.uint64), status)
    state.write()
    sync(root)


def _forget(chunk: Chunk, rows: npt.NDArray[Any], state: "_Block", blocks: list["_Block"]) -> bool:
    """Reset the state of rows that are about to change, or whose values are damaged; returns whether it was set.

    A reader must not combine an old state with new values.
    """
    before = state.values.copy()
    state.values[rows] = 0
    if state.damaged or any(block.damaged for block in blocks):
        log.warning("chunk %d of %s was damaged; its specimens are computed again", chunk.index, chunk.group)
        state.values[:] = 0
    return state.damaged or bool((before != state.values).any())


class _Block:
    """All rows of one chunk of an array: read, changed and written as a whole, since partial writes would lose rows."""

    def __init__(self, root: zarr.Group, chunk: Chunk, name: str, *, keep: bool) -> None:
        self.array = _get(root, f"{chunk.group}/{name}")
        self.span = slice(chunk.index * CHUNK, min((chunk.index + 1) * CHUNK, self.array.shape[0]))
        self.length = self.span.stop - self.span.start
        if self.array.chunks[0] != CHUNK:
            raise StoreError(f"{self.array.path} has chunks of {self.array.chunks[0]}", "write to a new store")
        self.values = np.full((self.length, *self.array.shape[1:]), self.array.fill_value, self.array.dtype)
        self.damaged = False
        if keep:
            self._read()

    def _read(self) -> None:
        try:
            self.values[:] = self.array[self.span]
        except DAMAGE:
            self.damaged = True

    def take(self, rows: npt.NDArray[Any], values: npt.NDArray[Any], good: npt.NDArray[Any]) -> None:
        """Replace rows: by their values, or by the fill value where the specimen failed."""
        if values.shape[1:] != self.values.shape[1:]:
            raise StoreError(
                f"rows of shape {values.shape[1:]} for {self.array.path} {self.array.shape}", "write to a new store"
            )
        self.values[rows[good]] = values[good].astype(self.values.dtype)
        self.values[rows[~good]] = self.array.fill_value

    def write(self) -> None:
        """Write the whole chunk at once."""
        self.array[self.span] = self.values


def _judge(chunk: Chunk, result: ChunkResult) -> tuple[npt.NDArray[np.uint8], dict[int, str]]:
    """Final status of each specimen, with the failures of its values added to those of its image."""
    status, details = result.status.copy(), dict(result.details)
    done = status == Status.DONE
    finite = np.isfinite(result.evidence).all(axis=(1, 2, 3)) & np.isfinite(result.logit).all(axis=1)
    finite &= np.isfinite(result.log_sum_exp)
    largest = np.abs(result.evidence).max(axis=(1, 2, 3), initial=0)
    status[done & ~finite] = Status.NOT_FINITE
    status[done & finite & (largest > FLOAT16_MAX)] = Status.OVERFLOW
    for row in np.flatnonzero(done & ~finite):
        details[chunk.slots[row]] = _not_finite(result, int(row))
    for row in np.flatnonzero(status == Status.OVERFLOW):
        details[chunk.slots[row]] = f"largest absolute evidence {largest[row]:g}"
    return status, details


def _not_finite(result: ChunkResult, row: int) -> str:
    """Which value of a specimen is not finite, in words."""
    scores = np.append(result.logit[row], result.log_sum_exp[row])
    of_scores = not np.isfinite(scores).all()
    values = scores if of_scores else result.evidence[row]
    kind = "NaN" if np.isnan(values).any() else "infinite"
    return f"a score is {kind}" if of_scores else f"the scores are finite, but the evidence is {kind}"


def _write_failures(files: Files, chunk: Chunk, details: dict[int, str]) -> None:
    """Keep the sentences about the chunk's other specimens, replace those about the ones computed now."""
    name = f"{FAILURES}/{chunk.group}/{chunk.index}.json"
    before = _sentences(files, name)
    ids = dict(zip(chunk.slots, chunk.image_ids, strict=True))
    after = {key: text for key, text in before.items() if key not in ids.values()}
    after |= {ids[slot]: sentence for slot, sentence in details.items()}
    if after:
        files.write_json(name, with_digest(dict(after)))
    elif before:
        files.remove(name)


def _sentences(files: Files, name: str) -> dict[str, str]:
    """What is said of a chunk's specimens; nothing where that is damaged."""
    try:
        return checked(json.loads(files.read(name))) if files.exists(name) else {}
    except ValueError as error:
        log.warning("%s was damaged (%s): the reasons of its other specimens are lost", name, error)
        return {}


def _get(root: zarr.Group, path: str) -> zarr.Array[Any]:
    try:
        array = root[path]
    except KeyError as error:
        raise StoreError(f"{path} is missing from {root.store_path}", "run `finercam annotate` again") from error
    if not isinstance(array, zarr.Array):
        raise StoreError(f"{path} is not an array", "the store is damaged; write to a new one")
    return array
