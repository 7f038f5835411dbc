"""Rows that a stray quotation mark would swallow, told from cells that really span several lines."""

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, field

# No cell of a specimen table spans more lines; an opening mark that is not closed by then is taken for a stray one.
_LONGEST_CELL = 1000
_SAMPLE = 200
_PICTURE = re.compile(r"://|\.(?:jpe?g|png|tiff?|webp|bmp|gif|jp2)$", re.IGNORECASE)


@dataclass(frozen=True)
class Scan:
    """The state after a line: fields so far, whether a quoted one is still open, whether all closed at their end."""

    fields: int
    is_open: bool
    proper: bool = True


@dataclass
class QuoteRepair:
    """Lines of a delimited text as records in which every quotation mark is either closed or doubled.

    Parameters
    ----------
    delimiter, quote : str
        One character each.
    width : int
        Fields of a whole row.
    records : list of str
        The rows; a record may span several lines.
    strays : list of int
        1-based numbers of the records that hold a stray mark.
    cut : list of int
        Those of them whose mark stood behind the last column, where the text is left out.
    """

    delimiter: str
    quote: str
    width: int
    records: list[str] = field(default_factory=list)
    strays: list[int] = field(default_factory=list)
    cut: list[int] = field(default_factory=list)
    _pictures: frozenset[int] = frozenset()

    def read(self, lines: Sequence[str]) -> None:
        """Sort the lines below the header into records."""
        self._pictures = self._picture_columns(lines)
        marked = [i for i, line in enumerate(lines) if self.quote in line]
        last = marked[-1] if marked else -1
        i = 0
        while i < len(lines):
            if not lines[i]:
                i += 1
            elif self.quote not in lines[i]:
                self.records.append(lines[i])
                i += 1
            else:
                i = self._read_marked(lines, i, last)

    def _read_marked(self, lines: Sequence[str], i: int, last: int) -> int:
        """Take the record that starts at a line with a quotation mark; returns the number of the next line."""
        line, start = lines[i], self._scan(lines[i])
        if not start.is_open:
            literal = start.fields != self.width and line.count(self.delimiter) + 1 == self.width
            self._add(line.split(self.delimiter) if literal else None, line)
            return i + 1
        end = self._end(lines, i, start, last)
        if end is not None:
            self.records.append("\n".join(lines[i : end + 1]))
            return end + 1
        fields = self._fields(line)
        self._add(fields if len(fields) == self.width else self._within(line.split(self.delimiter)), line)
        return i + 1

    def _within(self, fields: list[str]) -> list[str]:
        """The fields of a row whose stray mark stands behind its last column: what follows from there is left out."""
        behind = fields[self.width :]
        if (
            behind
            and behind[0].strip().startswith(self.quote)
            and not any(self.quote in f for f in fields[: self.width])
        ):
            self.cut.append(len(self.records) + 1)
            return fields[: self.width]
        return fields

    def _add(self, fields: list[str] | None, line: str) -> None:
        if fields is None:
            self.records.append(line)
            return
        q = self.quote
        self.records.append(self.delimiter.join(f"{q}{text.replace(q, q + q)}{q}" for text in fields))
        self.strays.append(len(self.records))

    def _end(self, lines: Sequence[str], i: int, state: Scan, last: int) -> int | None:
        """The line on which an open cell really ends; None if its mark is a stray one."""
        for k in range(i + 1, min(last, i + _LONGEST_CELL) + 1):
            state = self._scan(lines[k], state)
            if not state.is_open:
                whole = state.fields == self.width and state.proper
                return k if whole and not self._are_rows(lines[i], lines[i + 1 : k + 1]) else None
        return None

    def _are_rows(self, first: str, swallowed: Sequence[str]) -> bool:
        """Whether most of the lines that a cell would hold are whole rows of the table, like the one it starts in."""
        pictures = {i for i, text in enumerate(self._fields(first)) if _PICTURE.search(text)} | self._pictures
        filled = [line for line in swallowed if line.strip()]
        rows = sum(self._is_row(line, pictures) for line in filled)
        # A line that is no whole row needs those below it: a cell of several lines in the first column ends so.
        alone = len(self._fields(first)) == self.width or first.count(self.delimiter) + 1 >= self.width
        return alone and self.width > 1 and bool(filled) and 2 * rows >= len(filled)

    def _is_row(self, line: str, pictures: Set[int]) -> bool:
        fields = self._fields(line)
        if len(fields) != self.width:
            fields = line.split(self.delimiter)
        whole = len(fields) == self.width
        return whole and all(_PICTURE.search(fields[i].strip('" ')) for i in pictures if i < self.width)

    def _picture_columns(self, lines: Sequence[str]) -> frozenset[int]:
        """Positions of the columns whose cells look like files of pictures or addresses in the first plain rows."""
        rows = [self._fields(line) for line in lines[:_SAMPLE] if line and not self._scan(line).is_open]
        rows = [row for row in rows if len(row) == self.width]
        return frozenset(
            i for i in range(self.width) if rows and 2 * sum(bool(_PICTURE.search(r[i])) for r in rows) > len(rows)
        )

    def _scan(self, line: str, state: Scan | None = None) -> Scan:
        """Follow the quoting through one more line."""
        fields, inside, proper = (state.fields, True, state.proper) if state else (1, False, True)
        i = 0
        while True:
            if inside or line.startswith(self.quote, i):
                closed = self._closed(line, i if inside else i + 1)
                if closed is None:
                    return Scan(fields, is_open=True, proper=proper)
                inside, i = False, closed + 1
                proper = proper and (i == len(line) or line[i] == self.delimiter)
            i = line.find(self.delimiter, i) + 1
            if not i:
                return Scan(fields, is_open=False, proper=proper)
            fields += 1

    def _closed(self, line: str, start: int) -> int | None:
        """Position of the mark that closes a quoted field; doubled marks do not."""
        position = line.find(self.quote, start)
        while position >= 0 and line.startswith(self.quote, position + 1):
            position = line.find(self.quote, position + 2)
        return None if position < 0 else position

    def _fields(self, line: str) -> list[str]:
        """Cells of one line; a quotation mark that is not closed on it belongs to the text."""
        cells, i = [], 0
        while True:
            closed = self._closed(line, i + 1) if line.startswith(self.quote, i) else None
            end = line.find(self.delimiter, i if closed is None else closed + 1)
            text = line[i:] if end < 0 else line[i:end]
            if closed is not None:
                inner = line[i + 1 : closed].replace(self.quote * 2, self.quote)
                text = inner + line[closed + 1 : end if end >= 0 else len(line)]
            cells.append(text)
            if end < 0:
                return cells
            i = end + 1
