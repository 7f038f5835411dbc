"""Tables of an evaluation: put together, and written as CSV, Parquet, JSON and Markdown."""

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from finercam_core.io.atomic import replacing, write_whole
from finercam_core.io.disk.formulas import neutralised_table
from finercam_core.markdown import as_text


def joined(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Rows of all tables that have any, one after the other, numbered anew; an empty table where there is none."""
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def write_table(table: pd.DataFrame, folder: Path, name: str) -> None:
    """Write a table as ``name.csv`` and ``name.parquet``, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    csv, parquet = folder / f"{name}.csv", folder / f"{name}.parquet"
    for path, write in ((csv, neutralised_table(table).to_csv), (parquet, table.to_parquet)):
        with replacing(path) as partial:
            write(partial, index=False)


def write_json(path: Path, content: object) -> None:
    """Write JSON that every reader accepts: NaN and infinities become null."""
    write_whole(path, json.dumps(plain(content), indent=1, ensure_ascii=False, allow_nan=False))


def plain(value: object) -> object:
    """Tables, numpy numbers and NaN as plain JSON values."""
    if isinstance(value, pd.DataFrame):
        return [plain(row) for row in value.to_dict("records")]
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def marked(table: pd.DataFrame, mark: str) -> pd.DataFrame:
    """A table whose every row says what it was judged on, where that has to be said; `mark` is "" where not."""
    return table.assign(judged_on=mark) if mark and len(table.columns) else table


def markdown(table: pd.DataFrame, digits: int = 3) -> str:
    """A table in GitHub's Markdown; numbers with `digits` decimals, NaN as a dash."""
    if table.empty:
        return "(none)\n"
    lines = [_line(table.columns), _line("---" for _ in table.columns)]
    lines += [_line(_cell(value, digits) for value in row) for row in table.itertuples(index=False)]
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _cell(value: object, digits: int) -> str:
    if isinstance(value, float):
        return f"{value:.{digits}f}" if math.isfinite(value) else "–"
    return as_text(value)
