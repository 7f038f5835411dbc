"""Read one delimited text table: every row as text with its number, broken rows and stray quotation marks told."""

import codecs
import csv
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import IO, Any, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from finercam_core.errors import CatalogError, counted
from finercam_core.io.faults import first_line
from finercam_core.io.raw_tables import Notice, RawTable, numbered_rows, to_text, wanted_columns
from finercam_core.io.stray_quotes import QuoteRepair
from finercam_core.io.table_forms import CountedFile, Dialect, header_and_dialect, plain_form

# What gzip and zip raise in the middle of a damaged file.
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError)
_BLOCK = 1 << 24
_LOOKED_AT = 1 << 15
_SHOWN = 3


class EmptyTableError(CatalogError):
    """A text table has no row below its header, or is empty altogether."""


def read_text(file: IO[bytes], name: str, dialect: Dialect, columns: Sequence[str] | None = None) -> RawTable:
    """Read delimited text through pyarrow; rows with too few or too many fields are reported, not read.

    A quotation mark that is never closed would make one cell of all the rows below it. Where a table has more lines
    than rows, its lines are sorted into rows one by one, and those with a stray mark are told.

    Raises
    ------
    CatalogError
        The table is damaged, not in its encoding, or lacks columns.
    """
    try:
        file, dialect, notices = plain_form(file, name, dialect)
        file, dialect, more = _in_utf8(file, name, dialect)
        notices += more
        counter = CountedFile(file, str(dialect.quote or ""))
        table, dialect, suspicious = _read_once(io.BufferedReader(counter, _LOOKED_AT), counter, name, dialect, columns)
        if suspicious:
            file.seek(0)
            table = _without_strays(file.read(), name, dialect, columns) or table
        if table is None:
            raise CatalogError(f"{name} is not a readable table", "save it as UTF-8 text")
    except (pa.ArrowException, UnicodeError, LookupError, OSError, EOFError, csv.Error, *_DAMAGE) as error:
        if "Empty CSV" in str(error):
            raise EmptyTableError(f"{name} has no usable row", "give a table with one row per image") from error
        raise CatalogError(f"{name} is not a readable table: {first_line(error)}", _remedy(error)) from error
    table.notices[:0] = notices
    return table


def _in_utf8(file: IO[bytes], name: str, dialect: Dialect) -> tuple[IO[bytes], Dialect, list[Notice]]:
    """A table that is not UTF-8, though nothing says so, read as Windows-1252, as Excel saves it; and told."""
    if dialect.encoding != "utf8":
        return file, dialect, []
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := file.read(_BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        before, after = error.object[: error.start][-20:], error.object[error.start :][:20]
        bad = bytes(before.split(b"\n")[-1] + after.split(b"\n")[0])
        file.seek(0)
        content = file.read()
        shown = bad.decode("cp1252", errors="replace").strip()
        text = content.decode("cp1252")
        notice = Notice("encoding", name, 1, f"it is not UTF-8, and read as Windows-1252: look at {shown!r}")
        return io.BytesIO(text.encode()), dialect, [notice]
    file.seek(0)
    return file, dialect, []


def _remedy(error: Exception) -> str:
    if isinstance(error, UnicodeError):
        return 'save it as UTF-8 text, or write a manifest whose table has its encoding, such as encoding = "cp1252"'
    return "save it as UTF-8 text"


def _read_once(
    source: io.BufferedReader, counter: CountedFile, name: str, dialect: Dialect, columns: Sequence[str] | None
) -> tuple[RawTable | None, Dialect, bool]:
    """The table as pyarrow reads it, its dialect, and whether quotation marks may have swallowed rows."""
    above = [source.readline() for _ in range(dialect.skip)]
    line = source.readline() if dialect.header is None else (above[-1] if above else b"")
    below = source.peek(_LOOKED_AT).rpartition(b"\n")[0] if line.endswith((b"\n", b"\r")) or not above else b""
    lines = [line.decode(dialect.codec), *_decoded(below, dialect)]
    header, dialect, notices = header_and_dialect(lines, name, dialect)
    skipped = len(above) + (dialect.header is None)
    quoted = bool(dialect.quote)
    try:
        table = _parsed(source, name, header, dialect, columns)
    except pa.ArrowInvalid as error:
        if not quoted or "Empty CSV" in str(error):
            raise
        return None, replace(dialect, header=header, skip=skipped), True
    table.notices += notices
    swallowed = counter.lines - skipped != len(table.frame) + len(table.broken)
    suspicious = quoted and counter.quotes > 0 and (swallowed or bool(table.broken))
    return table, replace(dialect, header=header, skip=skipped), suspicious


def _decoded(content: bytes, dialect: Dialect) -> list[str]:
    """The first lines below the header, as far as they are in the encoding."""
    return re.split(r"\r\n|\n|\r", content.decode(dialect.codec, errors="replace"))[:50]


def _parsed(
    source: IO[bytes], name: str, header: list[str], dialect: Dialect, columns: Sequence[str] | None
) -> RawTable:
    broken: list[tuple[int, str]] = []
    odd: dict[int, list[str]] = {}

    def report(row: Any) -> str:
        number, fields = int(row.number or 0), _mended(row.text, row.expected_columns, dialect)
        if fields:
            odd[number] = fields
        else:
            reason = f"the row has {row.actual_columns} fields where {row.expected_columns} are expected"
            broken.append((number, reason))
        return "skip"

    wanted = wanted_columns(name, header, columns)
    table = pa.csv.read_csv(
        source,
        pa.csv.ReadOptions(use_threads=False, block_size=_BLOCK, column_names=header, encoding=dialect.codec),
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
    frame = numbered_rows(to_text(table), [*odd, *(number for number, _ in broken)])
    if not odd:
        return RawTable(name, frame, broken)
    more = pd.DataFrame.from_dict(odd, orient="index", columns=pd.Index(header), dtype="str")[wanted]
    what = "before the last column, which is empty" if dialect.padded else "with nothing to read behind the last column"
    text = f"{counted(len(odd), 'row')} that end{'s' * (len(odd) == 1)} {what}: {_rows(list(odd))}"
    notice = Notice("more_delimiters", name, len(more), text)
    return RawTable(name, pd.concat([frame, more]).sort_index(), broken, [notice])


def _mended(text: str, width: int, dialect: Dialect) -> list[str]:
    """Cells of a row with too many or too few fields, where nothing is lost by it; else [].

    Fields too many may be empty or start with a stray mark; fields too few may be filled up where the dialect says so.
    """
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE
    quote = str(dialect.quote) if dialect.quote else None
    fields = next(csv.reader([text], delimiter=dialect.delimiter, quotechar=quote, quoting=quoting), [])
    if dialect.padded and 1 < len(fields) < width:
        return [*fields, *[""] * (width - len(fields))]
    behind = [field.strip() for field in fields[width:]]
    stray = bool(quote and behind and behind[0].startswith(quote) and quote not in "".join(fields[:width]))
    return fields[:width] if behind and (stray or not any(behind)) else []


def _without_strays(content: bytes, name: str, dialect: Dialect, columns: Sequence[str] | None) -> RawTable | None:
    """The table with its stray quotation marks taken for text; None if it has none."""
    header = list(dialect.header or ())
    lines = re.split(r"\r\n|\n|\r", content.decode(dialect.codec))[dialect.skip :]
    repair = QuoteRepair(dialect.delimiter, str(dialect.quote), len(header))
    repair.read(lines)
    if not repair.strays:
        return None
    text = io.BytesIO("\n".join(repair.records).encode())
    table = _parsed(text, name, header, replace(dialect, encoding="utf8"), columns)
    what = f"{counted(len(repair.strays), 'row')} with a stray quotation mark, read as text: {_rows(repair.strays)}"
    what += f"; left out behind the last column: the text of {_rows(repair.cut)}" if repair.cut else ""
    table.notices.append(Notice("stray_quotes", name, len(repair.strays), what))
    return table


def _rows(numbers: Sequence[int]) -> str:
    return f"row {', '.join(map(str, numbers[:_SHOWN]))}" + (" …" if len(numbers) > _SHOWN else "")
