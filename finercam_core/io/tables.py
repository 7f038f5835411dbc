"""Read one table of text: CSV, TSV or Parquet, local or remote, each row with its number, broken rows reported."""

import csv
import lzma
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import IO, Any, Literal

import fsspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet

from finercam_core.errors import CatalogError
from finercam_core.io.faults import catalog_error, first_line, no_answer

# What gzip and zip raise in the middle of a damaged file.
DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError)
_ENDINGS = {".csv": "csv", ".tsv": "tsv", ".txt": "tsv", ".tab": "tsv", ".parquet": "parquet", ".pq": "parquet"}


@dataclass(frozen=True)
class Dialect:
    """How a text table is written; `delimiter` "": guessed from the header, `quote` False: no quoting."""

    delimiter: str = ","
    quote: str | bool = '"'
    encoding: str = "utf8"
    skip: int = 0
    header: Sequence[str] | None = None


@dataclass
class RawTable:
    """Rows of a source as text: `frame` (columns as in the source, index = 1-based row number) and broken rows."""

    name: str
    frame: pd.DataFrame
    broken: list[tuple[int, str]] = field(default_factory=list)


def table_format(path: str) -> str | None:
    """`csv`, `tsv` or `parquet` by the ending of a path, or None."""
    return _ENDINGS.get(PurePosixPath(path.lower().removesuffix(".gz")).suffix)


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
    kind : {"csv", "tsv", "parquet"}, optional
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
        return read_text(file, name, Dialect("", encoding=encoding), columns)


def open_binary(location: str) -> AbstractContextManager[IO[bytes]]:
    """Open a path or URL for reading; `.gz` is unpacked.

    Raises
    ------
    CatalogError
        It is missing, or its server cannot be reached.
    """
    try:
        opened: AbstractContextManager[IO[bytes]] = fsspec.open(location, "rb", compression="infer").open()
    except FileNotFoundError as error:
        if no_answer(error):  # fsspec also raises it when a web server does not answer
            raise catalog_error(location, "read", error) from error
        raise CatalogError(f"{location} does not exist", "correct the path or give root=") from error
    except Exception as error:  # fsspec's back ends raise whatever their client raises
        raise catalog_error(location, "read", error) from error
    return opened


def read_text(file: IO[bytes], name: str, dialect: Dialect, columns: Sequence[str] | None = None) -> RawTable:
    """Read delimited text through pyarrow; rows with too few or too many fields are reported, not read.

    Raises
    ------
    CatalogError
        As `read_table`.
    """
    broken: list[tuple[int, str]] = []

    def report(row: Any) -> str:
        reason = f"the row has {row.actual_columns} fields where {row.expected_columns} are expected"
        broken.append((int(row.number or 0), reason))
        return "skip"

    try:
        header, dialect = _header(file, dialect)
        wanted = _wanted(name, header, columns)
        table = pa.csv.read_csv(
            file,
            pa.csv.ReadOptions(use_threads=False, block_size=1 << 24, column_names=header, encoding=_codec(dialect)),
            pa.csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char=dialect.quote or False,
                newlines_in_values=bool(dialect.quote),
                invalid_row_handler=report,
            ),
            pa.csv.ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted, strings_can_be_null=False
            ),
        )
    except (pa.ArrowException, UnicodeError, LookupError, OSError, EOFError, csv.Error, *DAMAGE) as error:
        if "Empty CSV" in str(error):
            raise CatalogError(f"{name} has no usable row", "give a table with one row per image") from error
        raise CatalogError(f"{name} is not a readable table: {first_line(error)}", "save it as UTF-8 text") from error
    return RawTable(name, _numbered(to_text(table), [number for number, _ in broken]), broken)


def _codec(dialect: Dialect) -> str:
    """The name of the encoding for pyarrow.

    Under "utf-8-sig" pyarrow decodes through Python, which refuses what is not UTF-8 before a broken row is reported;
    under its own name, "utf8", a broken row that is not UTF-8 raises inside the callback, where the error is lost.
    """
    return "utf-8-sig" if dialect.encoding == "utf8" else dialect.encoding


def _header(file: IO[bytes], dialect: Dialect) -> tuple[list[str], Dialect]:
    """Names of the columns, from the first line unless the dialect gives them, and how the table is written."""
    lines = [file.readline() for _ in range(dialect.skip)]
    if dialect.header is None:
        lines.append(file.readline())
    line = lines[-1].decode(_codec(dialect)) if lines else ""
    dialect = dialect if dialect.delimiter else _sniffed(line, dialect)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE
    quote = str(dialect.quote) if dialect.quote else None
    reader = csv.reader([line], delimiter=dialect.delimiter, quotechar=quote, quoting=quoting)
    cells = [cell.strip() for cell in next(reader, [])]
    if dialect.header is None:
        return cells, dialect
    # A description may end before the columns do.
    more = [f"#{i}" for i in range(len(dialect.header), len(cells))]
    return [*dialect.header, *more], dialect


def _sniffed(header: str, dialect: Dialect) -> Dialect:
    """The delimiter that is most frequent in the header; GBIF's tables have tabs and no quoting at all."""
    delimiter = max((",", "\t", ";", "|"), key=header.count)
    return replace(dialect, delimiter=delimiter, quote=False if header.startswith("gbifID\t") else dialect.quote)


def _wanted(name: str, header: Sequence[str], columns: Sequence[str] | None) -> list[str]:
    """The columns to load, after checking that each is there exactly once."""
    if not any(header):
        raise CatalogError(f"{name} is empty", "give a table with a header line and one row per image")
    wanted = [c for c in header if c] if columns is None else list(dict.fromkeys(columns))
    missing = [c for c in wanted if c not in header]
    if missing:
        raise CatalogError(
            f"{name} has no column {', '.join(map(repr, missing))}; it has {', '.join(header)}",
            "correct the manifest's [columns]",
        )
    repeated = sorted({c for c in wanted if list(header).count(c) > 1})
    if repeated:
        raise CatalogError(f"{name} has the column {', '.join(map(repr, repeated))} twice", "rename one of them")
    return wanted


def _read_parquet(file: IO[bytes], name: str, columns: Sequence[str] | None) -> RawTable:
    try:
        source = pa.parquet.ParquetFile(file)
        wanted = _wanted(name, source.schema_arrow.names, columns)
        usable = [c for c in wanted if columns is not None or not pa.types.is_nested(source.schema_arrow.field(c).type)]
        return RawTable(name, _numbered(to_text(source.read(usable)), []))
    except (pa.ArrowException, OSError) as error:
        raise CatalogError(f"{name} is not a readable Parquet file: {first_line(error)}", "fetch it again") from error


def to_text(table: pa.Table) -> pd.DataFrame:
    """Every column as pandas text, missing values as ""."""
    columns: dict[str, pd.Series] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        values = column if pa.types.is_string(column.type) else column.cast(pa.string())
        columns[name] = pa.compute.fill_null(values, "").to_pandas().astype("str")
    return pd.DataFrame(columns)


def _numbered(frame: pd.DataFrame, missing: Sequence[int]) -> pd.DataFrame:
    """Index the rows by their 1-based number in the file, with gaps where broken rows stood."""
    numbers = np.setdiff1d(np.arange(1, len(frame) + len(missing) + 1), np.asarray(missing, np.int64))
    return frame.set_axis(pd.Index(numbers[: len(frame)], dtype="int64"))
