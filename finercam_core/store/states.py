"""The `state` of all specimens in one pass: what a resumed run reads first, and all that `finercam info` counts."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from finercam_core.io.files import Files
from finercam_core.store.checksums import unpacked
from finercam_core.store.layout import CHUNK, Words


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
        The plan with its columns group and slot, sorted by both: a group's slots are 0, 1, 2 …
    """
    groups, starts = first_rows(table)
    lengths = np.diff([*starts, len(table)])
    wanted = [(group, index) for group, n in zip(groups, lengths, strict=True) for index in range(-(-n // CHUNK))]
    contents = files.read_many([f"{group}/state/c/{index}" for group, index in wanted])
    blocks = {chunk: decode_state(content) for chunk, content in zip(wanted, contents, strict=True)}
    damaged = [chunk for chunk, block in blocks.items() if block is None]
    words = np.zeros(len(table), np.uint64)
    for group, start, n in zip(groups, starts, lengths, strict=True):
        for index in range(-(-n // CHUNK)):
            block = blocks[group, index]
            if block is not None:
                rows = min(CHUNK, n - index * CHUNK)
                words[start + index * CHUNK : start + index * CHUNK + rows] = block[:rows]
    return States(words, damaged)


def first_rows(table: pd.DataFrame) -> tuple[list[str], npt.NDArray[np.intp]]:
    """Groups of a sorted plan, and the row at which each begins."""
    column = table["group"].to_numpy(object)
    codes = pd.factorize(table["group"])[0]
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    return [str(column[start]) for start in starts], starts


def decode_state(content: bytes | None) -> Words | None:
    """A chunk of `state` words from the bytes of its file; zeros if there is no file, None if it is damaged."""
    if content is None:
        return np.zeros(CHUNK, np.uint64)
    body = unpacked(content)
    if body is None:
        return None
    words = np.frombuffer(body, "<u8")
    return words.astype(np.uint64) if len(words) == CHUNK else None
