"""What every reader of tables gives: rows as text, the rows that are broken, and what the user should be told."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute

from finercam_core.errors import CatalogError


@dataclass(frozen=True)
class Notice:
    """Something that a reader did with its source that nobody can see in the specimens.

    Parameters
    ----------
    key : str
        The kind, one of `finercam_core.catalog.check.notices.KINDS`.
    source : str
        Table, file or folder.
    count : int
        How many rows, values or files it concerns.
    text : str
        What happened, with the value.
    """

    key: str
    source: str
    count: int
    text: str


@dataclass
class RawTable:
    """Rows of a source as text.

    Parameters
    ----------
    name : str
        What the table is called in reports.
    frame : DataFrame
        Columns as in the source, index = 1-based number of the row.
    broken : list of (int, str)
        Number and reason of each row that could not be used.
    notices : list of Notice
        What else the user should know.
    """

    name: str
    frame: pd.DataFrame
    broken: list[tuple[int, str]] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


def to_text(table: pa.Table) -> pd.DataFrame:
    """Every column as pandas text, missing values as ""."""
    columns: dict[str, pd.Series] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        values = column if pa.types.is_string(column.type) else column.cast(pa.string())
        columns[name] = pa.compute.fill_null(values, "").to_pandas().astype("str")
    return pd.DataFrame(columns)


def numbered_rows(frame: pd.DataFrame, missing: Sequence[int] = ()) -> pd.DataFrame:
    """Index the rows by their 1-based number in the file, with gaps where broken rows stood."""
    numbers = np.setdiff1d(np.arange(1, len(frame) + len(missing) + 1), np.asarray(missing, np.int64))
    return frame.set_axis(pd.Index(numbers[: len(frame)], dtype="int64"))


def wanted_columns(name: str, header: Sequence[str], columns: Sequence[str] | None) -> list[str]:
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
