"""The forms in which people save text tables: byte-order marks, UTF-16, `sep=;`, CR alone, a header too short."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import IO, Literal

from finercam_core.io.raw_tables import Notice

_HEAD = 1 << 16
_SEPARATOR = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_DELIMITERS = (",", "\t", ";", "|")
_WIDE = ("utf-16", "utf_16", "utf16", "utf-32", "utf_32", "utf32")
ROW_NAMES = "#row names"


@dataclass(frozen=True)
class Dialect:
    """How a text table is written; `delimiter` "": guessed from the header, `quote` False: no quoting.

    `padded`: rows may end before the last columns, which are then empty.
    """

    delimiter: str = ","
    quote: str | bool = '"'
    encoding: str = "utf8"
    skip: int = 0
    header: Sequence[str] | None = None
    padded: bool = False

    @property
    def codec(self) -> str:
        """The name of the encoding for pyarrow.

        Under "utf-8-sig" pyarrow decodes through Python, which refuses what is not UTF-8 before a broken row is
        reported; under its own name, "utf8", a broken row that is not UTF-8 raises inside the callback, where the error
        is lost.
        """
        return "utf-8-sig" if self.encoding == "utf8" else self.encoding


class CountedFile(io.RawIOBase):
    """A file that counts the lines and quotation marks that are read from it.

    Parameters
    ----------
    file : binary file
    quote : str
        The quotation mark, or "".
    """

    def __init__(self, file: IO[bytes], quote: str) -> None:
        self._file, self._quote = file, quote.encode()
        self._newlines, self._last, self.quotes = 0, b"\n", 0

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer from the file."""
        block = self._file.read(len(buffer))
        buffer[: len(block)] = block
        self._newlines += block.count(b"\n")
        self.quotes += block.count(self._quote) if self._quote else 0
        self._last = block[-1:] or self._last
        return len(block)

    @property
    def lines(self) -> int:
        """Lines so far; the last one counts without its end."""
        return self._newlines + (self._last != b"\n")


def plain_form(file: IO[bytes], name: str, dialect: Dialect) -> tuple[IO[bytes], Dialect, list[Notice]]:
    """A table as UTF-8 text with line feeds, if it is in one of the rarer forms; else the file itself."""
    start = file.read(_HEAD)
    try:
        file.seek(0)
    except (OSError, ValueError, NotImplementedError):  # a web server that gives no ranges
        file = io.BytesIO(start + file.read())
    codec = _wide_codec(start, dialect)
    if codec or (b"\r" in start and b"\n" not in start):
        text = file.read().decode(codec or dialect.codec)
        text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        form = f"{codec.upper()} text" if codec else "lines that end in CR alone"
        file, dialect = io.BytesIO(text.encode()), replace(dialect, encoding="utf8")
        return file, _with_separator(text[:200], dialect), [Notice("table_form", name, 1, f"{form}, read as UTF-8")]
    return file, _with_separator(start[:200].decode("latin-1").removeprefix("\xef\xbb\xbf"), dialect), []


def _wide_codec(start: bytes, dialect: Dialect) -> str:
    """`utf-16`, `utf-16-le` … where the first bytes or the dialect say so, else ""."""
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if dialect.encoding.lower().startswith(_WIDE):
        return dialect.encoding
    zeros = start[:_HEAD].count(0)
    if len(start) > 8 and 3 * zeros > len(start):
        return "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
    return ""


def _with_separator(start: str, dialect: Dialect) -> Dialect:
    """Spreadsheets write `sep=;` as the first line, for themselves."""
    match = _SEPARATOR.fullmatch(re.split(r"[\r\n]", start, maxsplit=1)[0])
    if match is None or dialect.header is not None:
        return dialect
    return replace(dialect, delimiter=match[1], skip=dialect.skip + 1)


def header_and_dialect(lines: list[str], name: str, dialect: Dialect) -> tuple[list[str], Dialect, list[Notice]]:
    """Names of the columns, and how the table is written.

    Parameters
    ----------
    lines : list of str
        The header line, where the table has one, and the first lines below it.
    name : str
        Of the table.
    dialect : Dialect
        Its `header` is taken where it has one; then `lines` may start with a header line that only counts the columns.
    """
    line = lines[0] if lines else ""
    if not dialect.delimiter:
        dialect = _sniffed(line, dialect)
    cells = [cell.strip() for cell in _cells(line, dialect)]
    width = _usual_width(lines[1:], dialect)
    if dialect.header is not None:
        # A description may end before the columns do; but a header line may also have a delimiter too many.
        end = len(cells) if not width else max(len(dialect.header), width)
        return [*dialect.header, *(f"#{i}" for i in range(len(dialect.header), end))], dialect, []
    if width and width < len(cells) and not any(cells[width:]):
        text = f"the header has {len(cells) - width} more delimiters than the rows"
        return cells[:width], dialect, [Notice("table_form", name, 1, text)]
    if width == len(cells) + 1 and len(cells) > 1 and _is_lengthened(cells, lines[1:], dialect):
        return _lengthened(cells, lines[1:], name, dialect)
    return cells, dialect, []


def _is_lengthened(cells: list[str], rows: list[str], dialect: Dialect) -> bool:
    """Whether the field too many is empty, or names the row: a number, or a text in quotation marks."""
    longer = [row for row in rows if len(_cells(row, dialect)) == len(cells) + 1]
    named = all(re.match(r'\s*"', row) or _cells(row, dialect)[0].strip().isdigit() for row in longer)
    return named or all(not _cells(row, dialect)[-1].strip() for row in longer)


def _lengthened(
    cells: list[str], rows: list[str], name: str, dialect: Dialect
) -> tuple[list[str], Dialect, list[Notice]]:
    """A header that is one shorter than the rows: R leaves row names unnamed; others end rows in a comma."""
    parsed = [_cells(row, dialect) for row in rows if row]
    ended = all(not row[-1].strip() for row in parsed if len(row) == len(cells) + 1)
    header = [*cells, ""] if ended else [ROW_NAMES, *cells]
    reason = "rows end in a delimiter" if ended else "the first column, without a name, holds the names of the rows"
    return header, dialect, [Notice("table_form", name, 1, f"the header is one column shorter than the rows: {reason}")]


def _cells(line: str, dialect: Dialect) -> list[str]:
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE
    quote = str(dialect.quote) if dialect.quote else None
    return next(csv.reader([line], delimiter=dialect.delimiter, quotechar=quote, quoting=quoting), [])


def _usual_width(lines: list[str], dialect: Dialect) -> int:
    """Number of fields of most of the first rows; 0 if there are none."""
    widths = Counter(len(_cells(line, dialect)) for line in lines if line.strip())
    width, rows = widths.most_common(1)[0] if widths else (0, 0)
    return width if 2 * rows > widths.total() else 0


def _sniffed(header: str, dialect: Dialect) -> Dialect:
    """The delimiter that is most frequent in the header; GBIF's tables have tabs and no quoting at all."""
    delimiter = max(_DELIMITERS, key=header.count)
    if not header.count(delimiter) and re.fullmatch(r'"[^"]*"(?: "[^"]*")+\s*', header):
        delimiter = " "  # R's write.table
    return replace(dialect, delimiter=delimiter, quote=False if header.startswith("gbifID\t") else dialect.quote)
