"""Texts in CSV files that a spreadsheet would take for formulas, and run: they get an apostrophe in front.

Excel and LibreOffice compute a cell that begins with ``=``, ``+``, ``-`` or ``@``, and a formula can send what stands
in other cells to any address (CWE-1236). In a spreadsheet's own notation an apostrophe makes a cell text.
"""

import pandas as pd

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def neutralised(value: object) -> object:
    """A value that a spreadsheet shows as it is; numbers, also negative ones written as text, stay as they are."""
    if isinstance(value, str) and value.startswith(_STARTS) and not _is_number(value):
        return f"'{value}"
    return value


def original(text: str) -> str:
    """What a text was before it was `neutralised`."""
    return text[1:] if text.startswith("'") and neutralised(text[1:]) == text else text


def neutralised_table(table: pd.DataFrame) -> pd.DataFrame:
    """A table whose texts a spreadsheet shows as they are."""
    texts = [name for name in table.columns if not pd.api.types.is_numeric_dtype(table[name])]
    return table.assign(**{name: table[name].map(neutralised) for name in texts})


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.strip() == text
