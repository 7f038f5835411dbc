"""Tables that are not delimited text: JSON lines, Feather, and spreadsheets (extra `tables`)."""

import json
from collections.abc import Sequence
from typing import IO

import pandas as pd
import pyarrow as pa
import pyarrow.feather

from finercam_core.errors import CatalogError
from finercam_core.io.faults import first_line
from finercam_core.io.raw_tables import Notice, RawTable, numbered_rows, to_text, wanted_columns


def read_json_lines(file: IO[bytes], name: str, columns: Sequence[str] | None) -> RawTable:
    """One object per line; lists are joined by `|`, objects within objects left out, broken lines reported."""
    rows: list[dict[str, str]] = []
    broken: list[tuple[int, str]] = []
    lines = [line for line in file.read().splitlines() if line.strip()]
    for number, line in enumerate(lines, 1):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            broken.append((number, f"the line is not JSON: {first_line(error)}"))
            continue
        if not isinstance(value, dict):
            broken.append((number, "the line is not a JSON object"))
            continue
        rows.append({str(key): cell_text(cell) for key, cell in value.items() if not isinstance(cell, dict)})
    if not rows:
        raise CatalogError(f"{name} has no usable row", "give one JSON object per line")
    frame = pd.DataFrame(rows, dtype="str").fillna("")
    wanted = wanted_columns(name, list(frame.columns), columns)
    return RawTable(name, numbered_rows(frame[wanted], [number for number, _ in broken]), broken)


def cell_text(cell: object) -> str:
    """A JSON value as the text of a cell; lists are joined by `|`."""
    if cell is None:
        return ""
    return "|".join(map(cell_text, cell)) if isinstance(cell, list) else str(cell)


def read_feather(file: IO[bytes], name: str, columns: Sequence[str] | None) -> RawTable:
    """A Feather or Arrow file; nested columns are left out."""
    try:
        table = pa.feather.read_table(pa.py_buffer(file.read()))
    except (pa.ArrowException, OSError) as error:
        raise CatalogError(f"{name} is not a readable Feather file: {first_line(error)}", "save it again") from error
    usable = [field.name for field in table.schema if not pa.types.is_nested(field.type)]
    return RawTable(name, numbered_rows(to_text(table.select(wanted_columns(name, usable, columns)))))


def read_sheet(file: IO[bytes], name: str, columns: Sequence[str] | None) -> RawTable:
    """The first sheet of a spreadsheet that has rows, under its first row that is not empty; other sheets are told.

    Empty rows between others keep their number, and are rows without a species.

    Raises
    ------
    CatalogError
        It cannot be read, or python-calamine is not installed.
    """
    remedy = 'install it: pip install "finercam[tables]", or save the sheet as CSV'
    try:
        # Without `header`, since pandas would rename the second of two columns with one name.
        cells = pd.read_excel(file, sheet_name=None, header=None, dtype="str", keep_default_na=False, engine="calamine")
    except ImportError as error:
        raise CatalogError(f"{name} is a spreadsheet, which needs python-calamine", remedy) from error
    except Exception as error:  # calamine raises errors of its own
        problem = f"{name} is not a readable spreadsheet: {first_line(error)}"
        raise CatalogError(problem, "save the sheet as CSV") from error
    sheets = {str(sheet): _below_header(frame.fillna("").astype("str")) for sheet, frame in cells.items()}
    filled = [sheet for sheet, frame in sheets.items() if len(frame)]
    if not filled:
        raise CatalogError(f"{name} has no usable row", "give a sheet with one row per image")
    frame = sheets[filled[0]]
    others = f"sheet {filled[0]!r} is read, not {', '.join(map(repr, filled[1:]))}"
    notices = [Notice("table_form", name, 1, others)] if len(filled) > 1 else []
    return RawTable(name, numbered_rows(frame[wanted_columns(name, list(frame.columns), columns)]), notices=notices)


def _below_header(cells: pd.DataFrame) -> pd.DataFrame:
    """The rows below the first that is not empty, which names the columns."""
    filled = (cells != "").any(axis=1).to_numpy()
    if not filled.any():
        return cells.head(0)
    header = int(filled.argmax())
    return cells.iloc[header + 1 :].set_axis(cells.iloc[header].str.strip().tolist(), axis=1)
