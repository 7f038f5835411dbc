"""The `state` of specimens: of all in one pass, and of one together with the values that it vouches for.

All of them are what a resumed run reads first, and what `finercam info` counts. What is missing or damaged under a
finished specimen is an error, never a value.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import zarr

from finercam_core.errors import StoreError, counted
from finercam_core.io.faults import first_line
from finercam_core.io.files import Files
from finercam_core.status import Status
from finercam_core.store.integrity.checksums import DAMAGE, unpacked
from finercam_core.store.integrity.digests import contradiction
from finercam_core.store.layout import CHUNK, REFERENCE, Words, status_of, value_names

Opened = tuple[dict[str, Any], tuple[str, ...], tuple[str, ...]]  # arrays, classes and tiers of a species
KEPT_BYTES = 64 * 2**20  # of values
_COMPUTE_AGAIN = "`finercam annotate … --verify` computes it again"


@dataclass(frozen=True)
class States:
    """State words of a plan's rows.

    Attributes
    ----------
    words : uint64 array (rows,)
        In the order of the plan; 0 where nothing was written, or where the chunk is damaged.
    damaged : list of (str, int)
        Group and number of the chunks whose state cannot be read; their specimens count as not computed.
    """

    words: Words
    damaged: list[tuple[str, int]]


def read_states(files: Files, table: pd.DataFrame) -> States:
    """State of every row of a plan, read chunk by chunk without opening a Zarr node.

    Opening nodes would take most of the time with thousands of species (1.5 ms each); the chunks themselves are some
    hundred bytes, so they are read as files and decoded here.

    Parameters
    ----------
    files : Files
    table : DataFrame
        The plan, or whole chunks of it, with its columns group and slot, sorted by both.
    """
    starts = chunk_starts(table)
    groups, slots = table["group"].to_numpy(object)[starts], table["slot"].to_numpy()
    chunks = [(str(group), int(slots[start]) // CHUNK) for group, start in zip(groups, starts, strict=True)]
    contents = files.read_many([f"{group}/state/c/{index}" for group, index in chunks])
    words, damaged = np.zeros(len(table), np.uint64), []
    for chunk, content, start, stop in zip(chunks, contents, starts, np.append(starts, len(table))[1:], strict=True):
        block = decode_state(content)
        if block is None:
            damaged.append(chunk)
        elif content is not None:
            words[start:stop] = block[slots[start:stop] % CHUNK]
    return States(words, damaged)


def chunk_starts(table: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Rows of a sorted plan at which a chunk begins."""
    new = np.diff(pd.factorize(table["group"])[0], prepend=-1) != 0
    new |= np.diff(table["slot"].to_numpy() // CHUNK, prepend=-1) != 0
    return np.flatnonzero(new)


def decode_state(content: bytes | None) -> Words | None:
    """A chunk of `state` words from the bytes of its file; zeros if there is no file, None if it is damaged."""
    if content is None:
        return np.zeros(CHUNK, np.uint64)
    body = unpacked(content)
    if body is None:
        return None
    words = np.frombuffer(body, "<u8")
    return words.astype(np.uint64) if len(words) == CHUNK else None


@contextmanager
def _damage_said(group: str) -> Iterator[None]:
    """Turn what Zarr raises for a damaged or missing part of a species into one sentence."""
    try:
        yield
    except (*DAMAGE, KeyError, TypeError, OSError) as error:
        raise StoreError(f"{group} is damaged: {first_line(error)}", _COMPUTE_AGAIN) from error


def open_species(files: Files, group: str, *, per_image: bool) -> Opened:
    """Arrays of a species' state and values, its classes and their tiers.

    Raises
    ------
    StoreError
        If its description or the names of its classes are damaged or missing.
    """
    with _damage_said(group):
        opened = files.group(path=group)
        arrays: dict[str, Any] = {name: opened[name] for name in ("state", *value_names(per_image=per_image))}
        tiers: Any = opened.attrs["tiers"]
        if damage := contradiction(opened.attrs):
            raise ValueError(damage)
    classes = class_names(opened, group)
    if len(tiers) < len(classes):
        raise StoreError(
            f"{group} has {counted(len(classes), 'class', 'classes')} and {counted(len(tiers), 'tier')}", _COMPUTE_AGAIN
        )
    return arrays, classes, tuple(str(tier) for tier in tiers)[: len(classes)]


def class_names(opened: zarr.Group, group: str) -> tuple[str, ...]:
    """Names along `class`, none for a species that the classifier does not know.

    Raises
    ------
    StoreError
        If they are damaged or missing.
    """
    with _damage_said(group):
        column: Any = opened["class"]
        names = tuple(str(name) for name in column[:])
    if not all(names):
        raise StoreError(f"the names of the classes of {group} are missing", _COMPUTE_AGAIN)
    return names


def settled_values(
    group: str, arrays: Mapping[str, Any], slot: int, species: int
) -> tuple[Status, dict[str, npt.NDArray[Any]]]:
    """Values of one specimen together with the state they belong to, even while a writer is at work.

    A writer resets the state before it changes values and sets it last: values that were read between two equal
    states belong to that state.

    Parameters
    ----------
    group : str
    arrays : mapping
        From `open_species`.
    slot : int
    species : int
        Number of the classifier's species, which indices are below.

    Raises
    ------
    StoreError
        If a chunk is damaged, or a finished specimen lacks a value.
    """
    words, rows = _settled_rows(group, arrays, slice(slot, slot + 1))
    return _checked_values(group, slot, words[0], {name: values[0] for name, values in rows.items()}, species)


def _settled_rows(group: str, arrays: Mapping[str, Any], slots: slice) -> tuple[Words, dict[str, npt.NDArray[Any]]]:
    """State words and values of some slots; see `settled_values`."""
    with _damage_said(group):
        before = np.asarray(arrays["state"][slots])
        while True:
            values = {name: np.asarray(arrays[name][slots]) for name in arrays if name != "state"}
            after = np.asarray(arrays["state"][slots])
            if np.array_equal(after, before):
                return after, values
            before = after


def _checked_values(
    group: str, slot: int, word: np.uint64, values: dict[str, npt.NDArray[Any]], species: int
) -> tuple[Status, dict[str, npt.NDArray[Any]]]:
    """Status and values of one slot; raises `StoreError` if it is done and lacks a value."""
    with _damage_said(group):
        status = Status(int(status_of(np.asarray(word, np.uint64))))
    missing = [name for name, value in values.items() if not is_whole(name, value, species)]
    if status == Status.DONE and missing:
        raise StoreError(f"{' and '.join(missing)} of slot {slot} of {group} is missing under DONE", _COMPUTE_AGAIN)
    return status, values


@dataclass(frozen=True)
class _Kept:
    words: Words
    values: dict[str, npt.NDArray[Any]]

    @property
    def nbytes(self) -> int:
        return sum(values.nbytes for values in self.values.values())


class KeptChunks:
    """Chunks that were read already: whoever looks at one specimen looks at its neighbours next.

    Those that were read last, up to `KEPT_BYTES`. Each is valid as long as the state of its slots is the same: that is
    read each time, one small object, so that what a writer changes meanwhile is seen.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int], _Kept] = OrderedDict()

    def settled(
        self, group: str, arrays: Mapping[str, Any], slot: int, species: int
    ) -> tuple[Status, dict[str, npt.NDArray[Any]]]:
        """Status and values of one specimen, as `finercam_core.store.states.settled_values` gives them."""
        start = slot // CHUNK * CHUNK
        kept = self._current(group, arrays, slice(start, start + CHUNK))
        row = slot - start
        values = {name: rows[row].copy() for name, rows in kept.values.items()}
        return _checked_values(group, slot, kept.words[row], values, species)

    def _current(self, group: str, arrays: Mapping[str, Any], slots: slice) -> _Kept:
        key = group, slots.start
        kept = self._kept.get(key)
        if kept is not None:
            with _damage_said(group):
                if np.array_equal(np.asarray(arrays["state"][slots]), kept.words):
                    self._kept.move_to_end(key)
                    return kept
        self._kept[key] = kept = _Kept(*_settled_rows(group, arrays, slots))
        self._kept.move_to_end(key)
        while len(self._kept) > 1 and sum(each.nbytes for each in self._kept.values()) > KEPT_BYTES:
            self._kept.popitem(last=False)
        return kept


def is_whole(name: str, values: npt.NDArray[Any], species: int) -> bool:
    """Whether the values of finished specimens are all there; a chunk that is gone reads as fill values."""
    if name in ("predicted", REFERENCE):
        return bool(((values >= 0) & (values < species)).all())
    return bool(np.isfinite(values.astype(np.float32)).all())
