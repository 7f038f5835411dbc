"""Read one table of text: CSV, TSV or Parquet, local or remote, each row with its number, broken rows reported."""

import io
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import PurePosixPath
from typing import IO

import fsspec
import pyarrow as pa
import pyarrow.parquet

from finercam_core.errors import CatalogError
from finercam_core.io.disk.seals import SealError, check_seal, has_note
from finercam_core.io.faults import catalog_error, first_line, no_answer
from finercam_core.io.other_tables import read_feather, read_json_lines, read_sheet
from finercam_core.io.packed import read_packed
from finercam_core.io.packed.parquet import class_names, image_column, image_names
from finercam_core.io.raw_tables import Notice, RawTable, numbered_rows, to_text, wanted_columns
from finercam_core.io.table_forms import Dialect
from finercam_core.io.text_tables import read_text

_ENDINGS = {
    **{".csv": "csv", ".tsv": "tsv", ".txt": "tsv", ".tab": "tsv", ".parquet": "parquet", ".pq": "parquet"},
    **{".jsonl": "jsonl", ".ndjson": "jsonl", ".feather": "feather", ".arrow": "feather"},
    **{".xlsx": "sheet", ".xls": "sheet", ".xlsm": "sheet", ".ods": "sheet"},
}
_OTHERS = {"jsonl": read_json_lines, "feather": read_feather, "sheet": read_sheet}
PACKED = (".gz", ".bz2", ".xz")


def table_format(path: str) -> str | None:
    """`csv`, `tsv`, `parquet`, `jsonl`, `feather` or `sheet` by the ending of a path, or None."""
    name = PurePosixPath(path.lower())
    return _ENDINGS.get(PurePosixPath(name.stem).suffix if name.suffix in PACKED else name.suffix)


def read_table(
    location: str,
    *,
    name: str = "",
    kind: str | None = None,
    columns: Sequence[str] | None = None,
    encoding: str = "utf8",
) -> RawTable:
    """Read a table as text.

    Parameters
    ----------
    location : str
        Path or URL.
    name : str
        What the table is called in reports; the location's last part by default.
    kind : {"csv", "tsv", "parquet", "jsonl", "feather", "sheet"}, optional
        Its format; by default it follows from the ending.
    columns : sequence of str, optional
        The columns that are needed; others are not loaded.
    encoding : str
        Of text tables.

    Raises
    ------
    CatalogError
        The file is missing, unreachable, not of its format, not UTF-8, or lacks columns (all of them are named).
    """
    name = name or location.replace("\\", "/").rsplit("/", 1)[-1]
    kind = kind or table_format(location)
    if kind is None:
        raise CatalogError(f"{location} is not a table", f"use a file that ends in {', '.join(_ENDINGS)}")
    with open_binary(location) as file:
        if kind == "parquet":
            return _read_parquet(file, name, columns)
        if kind in _OTHERS:
            return _OTHERS[kind](file, name, columns)
        return read_text(file, name, Dialect("", encoding=encoding), columns)


def read_certain_table(
    location: str, *, name: str = "", kind: str | None = None, columns: Sequence[str] | None = None
) -> RawTable:
    """As `read_table`, for tables of which nobody is told more: a guessed encoding and broken rows are refused.

    Raises
    ------
    CatalogError
        As `read_table`, the table is not UTF-8, or a row of it cannot be read.
    """
    table = read_table(location, name=name, kind=kind, columns=columns)
    if any(notice.key == "encoding" for notice in table.notices):
        raise CatalogError(f"{name or location} is not a readable table: it is not UTF-8", "save it as UTF-8 text")
    if table.broken:
        number, reason = table.broken[0]
        row = number + ((kind or table_format(location)) != "jsonl")  # the header is the first row
        more = f"; nor can {len(table.broken) - 1:,} more" if len(table.broken) > 1 else ""
        raise CatalogError(f"row {row} of {name or location} cannot be read: {reason}{more}", "correct it")
    return table


def open_binary(location: str) -> AbstractContextManager[IO[bytes]]:
    """Open a path or URL for reading; `.gz`, `.bz2` and `.xz` are unpacked.

    Raises
    ------
    CatalogError
        It is missing, or its server cannot be reached.
    """
    try:
        packed = read_packed(location)
        if packed is not None:
            return _unpacked(packed, location)
        opened: AbstractContextManager[IO[bytes]] = fsspec.open(location, "rb", compression="infer").open()
    except FileNotFoundError as error:
        if no_answer(error):  # fsspec also raises it when a web server does not answer
            raise catalog_error(location, "read", error) from error
        raise CatalogError(f"{location} does not exist", "correct the path or give root=") from error
    except Exception as error:  # fsspec's back ends raise whatever their client raises
        raise catalog_error(location, "read", error) from error
    return opened


def _is_nested(kind: pa.DataType) -> bool:
    return bool(pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _unpacked(content: bytes, location: str) -> IO[bytes]:
    """The bytes of a file that lies in a zip or a tar, uncompressed where its ending says so."""
    kind = fsspec.utils.infer_compression(location)
    file: IO[bytes] = io.BytesIO(content)
    return fsspec.compression.compr[kind](file, mode="rb") if kind else file


def _read_parquet(file: IO[bytes], name: str, columns: Sequence[str] | None) -> RawTable:
    try:
        source = pa.parquet.ParquetFile(file)
        if has_note(source.metadata.metadata):
            file.seek(0)
            check_seal(file.read())
        schema, notices = source.schema_arrow, []
        wanted = wanted_columns(name, schema.names, columns)
        images = image_column(schema)
        usable = [c for c in wanted if not _is_nested(schema.field(c).type) and c != images]
        frame = to_text(source.read(usable))
        for column, names in class_names(schema).items():
            if column in frame and pa.types.is_integer(schema.field(column).type):
                of_number = {str(number): label for number, label in enumerate(names)}
                frame[column] = frame[column].map(of_number).fillna("").astype("str")
                text = f"the numbers of {column!r} are read as their names in the table: 0 is {names[0]!r}"
                notices.append(Notice("labels", name, len(names), text))
        if images in wanted:
            frame[images] = [f"{name}/{place}" for place in image_names(source, images)]
        return RawTable(name, numbered_rows(frame), notices=notices)
    except (pa.ArrowException, SealError, OSError) as error:
        raise CatalogError(f"{name} is not a readable Parquet file: {first_line(error)}", "fetch it again") from error
