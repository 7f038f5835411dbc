"""Rows that share an id although the rows of other tables are joined to them by it."""

from collections.abc import Sequence

import pandas as pd

from finercam_core.errors import counted
from finercam_core.io.raw_tables import Notice, RawTable


def first_rows(table: RawTable, key: str, said: Sequence[str]) -> tuple[pd.DataFrame, list[Notice], frozenset[str]]:
    """The first row of each id, what to tell of the others, and the ids whose rows contradict each other.

    Parameters
    ----------
    table : RawTable
    key : str
        Column of the ids.
    said : sequence of str
        Columns in which the rows of one id must agree; those that the table lacks are left out.

    Returns
    -------
    rows : DataFrame
        One per id, indexed by it.
    notices : list of Notice
        One if rows repeat an id; none otherwise.
    contradicted : frozenset of str
        Nobody can tell which of their rows is right, so nothing may be joined to them.
    """
    frame = table.frame
    again = frame[key].duplicated(keep=False)
    first = frame.drop_duplicates(key).set_index(key)
    if not again.any():
        return first, [], frozenset()
    different = frame[again].drop_duplicates([key, *(column for column in said if column in frame)])
    contradicted = frozenset(different.loc[different[key].duplicated(), key])
    count = len(frame) - len(first)
    name = key.removeprefix("#")
    text = f"{counted(count, 'row')} with the {name} of an earlier row, such as {frame.loc[again, key].iloc[0]}"
    return first, [Notice("repeated_ids", table.name, count, text)], contradicted
