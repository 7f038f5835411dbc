"""Sealed tables that do not fit into memory: written piece by piece, checked and read piece by piece.

The file is that of `finercam_core.io.disk.seals`, with a row group for each piece.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from finercam_core.io.disk.seals import MARK, NOTE, SEAL_LENGTH, TAIL, SealError, has_note

_BLOCK = 1 << 22
ROWS = 1 << 16
"""Rows that are read at once."""


def write_pieces(path: Path, pieces: Iterable[pd.DataFrame]) -> None:
    """Write a sealed Parquet file.

    Parameters
    ----------
    path : Path
    pieces : iterable of DataFrame
        At least one; all have the columns of the first, and each becomes a row group.
    """
    writer: pq.ParquetWriter | None = None
    try:
        for piece in pieces:
            schema = None if writer is None else writer.schema
            table = pa.Table.from_pandas(piece, schema, preserve_index=False)
            if writer is None:
                table = table.replace_schema_metadata({**(table.schema.metadata or {}), **NOTE})
                writer = pq.ParquetWriter(path, table.schema)
            writer.write_table(table, row_group_size=max(1, len(piece)))
    finally:
        if writer is not None:
            writer.close()
    with path.open("rb+") as file:
        _seal(file)


def _seal(file: IO[bytes]) -> None:
    """Put a digest of a Parquet file between its data and its footer."""
    digest = _digest(file, 0, file.seek(0, os.SEEK_END))
    place = _footer(file)
    file.seek(place)
    footer = file.read()
    file.seek(place)
    file.write(MARK + digest.digest() + footer)


def _footer(file: IO[bytes]) -> int:
    """Where the footer of a Parquet file begins."""
    end = file.seek(-TAIL, os.SEEK_END)
    place = end - int.from_bytes(file.read(4), "little")
    if place < 0:
        raise SealError("its end is damaged")
    return place


def _digest(file: IO[bytes], start: int, stop: int, digest: "hashlib._Hash | None" = None) -> "hashlib._Hash":
    digest = hashlib.sha256() if digest is None else digest
    file.seek(start)
    for first in range(start, stop, _BLOCK):
        block = file.read(min(_BLOCK, stop - first))
        digest.update(block)
    return digest


def identity(file: IO[bytes]) -> bytes:
    """What two versions of a sealed file differ in: the seal and the footer."""
    try:
        place = max(0, _footer(file) - SEAL_LENGTH)
    except OSError as error:  # shorter than any table
        raise SealError("it is cut off") from error
    file.seek(place)
    return file.read()


def check_pieces(file: IO[bytes]) -> None:
    """Compare a file with its seal, without holding it in memory; a table of an earlier version has none.

    Raises
    ------
    SealError
        If the file is not what was written: cut off, changed, or not Parquet.
    """
    end = identity(file)
    size = file.seek(0, os.SEEK_END)
    if end.startswith(MARK):
        place = size - len(end)
        digest = _digest(file, place + SEAL_LENGTH, size, _digest(file, 0, place))
        if digest.digest() != end[len(MARK) : SEAL_LENGTH]:
            raise SealError("its content does not match its digest")
        return
    try:
        noted = has_note(pq.read_metadata(file).metadata)
    except Exception as error:  # Arrow raises whatever damaged lengths make it raise
        raise SealError(_said(error)) from error
    if noted:
        raise SealError("its digest is gone")


def read_pieces(file: IO[bytes], columns: Sequence[str] | None = None, rows: int = ROWS) -> Iterator[pd.DataFrame]:
    """A Parquet file in its order, so many rows at a time; its seal is not looked at.

    Raises
    ------
    SealError
        If it cannot be read.
    """
    try:
        table = pq.ParquetFile(file, pre_buffer=False)
        if not table.metadata.num_rows:
            yield table.read(None if columns is None else list(columns)).to_pandas()
        for batch in table.iter_batches(rows, columns=None if columns is None else list(columns)):
            yield pa.Table.from_batches([batch], batch.schema).to_pandas()
    except Exception as error:  # Arrow raises whatever damaged lengths and types make it raise
        raise SealError(_said(error)) from error


def read_groups(file: IO[bytes]) -> Iterator[pd.DataFrame]:
    """The pieces of a file that `write_pieces` wrote, as they were written."""
    table = pq.ParquetFile(file, pre_buffer=False)
    for number in range(table.num_row_groups):
        yield table.read_row_group(number).to_pandas()


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
