"""Words that stand for nothing in a table: R writes `NA`, databases `NULL`, people `-` and `unknown`."""

import pandas as pd

from finercam_core.catalog.source import MappedTable
from finercam_core.catalog.template import Template
from finercam_core.io.raw_tables import Notice

EMPTY_WORDS = frozenset(
    ["na", "n/a", "#n/a", "<na>", "n.a.", "null", "none", "nil", "nan", "nat", "-", "--", "?", "unknown", "\\n"]
)


def without_empty_words(table: MappedTable) -> pd.DataFrame:
    """The cells of a table that its columns need, those that mean nothing as ""; each column is told once.

    Columns that give the name alone keep their words: `unknown` is judged there by the parser of names, and may be the
    name of a class where names are taken as they are.
    """
    frame = table.raw.frame
    cells: dict[str, pd.Series] = {}
    for column in _judged(table):
        values = frame[column]
        empty = values.str.strip().str.lower().isin(EMPTY_WORDS)
        if empty.any():
            text = f"column {column!r}: {_counts(values[empty])} taken as empty"
            table.raw.notices.append(Notice("empty_words", table.raw.name, int(empty.sum()), text))
            cells[column] = values.mask(empty, "")
    return frame.assign(**cells) if cells else frame


def _judged(table: MappedTable) -> list[str]:
    """Source columns of everything but the name, and those that are only a part of the name."""
    columns: list[str] = []
    for term, templates in table.columns.items():
        for template in map(Template, templates):
            if term != "scientificName" or len(template.columns) > 1:
                columns += template.columns
    return [column for column in dict.fromkeys(columns) if column in table.raw.frame]


def _counts(values: pd.Series) -> str:
    """How often each word occurs: "NA 12, ? 3"."""
    return ", ".join(f"{word} {count:,}" for word, count in values.str.strip().value_counts().items())
