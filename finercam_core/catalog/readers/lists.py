"""Lists of words in lines, as data sets of computer vision have them (`number path`, `number class`), and boxes."""

from pathlib import Path

import pandas as pd

from finercam_core.errors import CatalogError, counted
from finercam_core.io.raw_tables import Notice, RawTable
from finercam_core.io.tables import open_binary

_NAMED = 20  # images that one notice names


def read_list(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Read lines of words; the last column takes the rest of the line.

    Returns
    -------
    DataFrame of text, indexed by the first word.

    Raises
    ------
    CatalogError
        The file is missing or not UTF-8, or lines are too short or repeat a key: all of them are named.
    """
    with open_binary(str(path)) as file:
        content = file.read()
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise CatalogError(f"{path} is not UTF-8 text", "fetch the data set again") from error
    rows = [
        (number, line.strip().split(maxsplit=len(columns) - 1)) for number, line in enumerate(lines, 1) if line.strip()
    ]
    short = [number for number, words in rows if len(words) < len(columns)]
    if short:
        faults = f"{counted(len(short), 'line')} without {columns[-1]}: {', '.join(map(str, short[:20]))}"
        raise CatalogError(f"{path} has {faults}", "fetch the data set again")
    table = pd.DataFrame([words for _, words in rows], columns=list(columns), dtype="str").set_index(columns[0])
    if not table.index.is_unique:
        repeated = table.index[table.index.duplicated()][0]
        raise CatalogError(f"{path} has {repeated} twice", "fetch the data set again")
    return table


def unplaced(path: Path, lines: pd.DataFrame, listed: pd.Index) -> list[Notice]:
    """What a list says about images that `listed` lacks, with the images; empty if every line has its image."""
    strangers = lines.index[~lines.index.isin(listed)]
    if strangers.empty:
        return []
    more = f" and {len(strangers) - _NAMED:,} more" if len(strangers) > _NAMED else ""
    text = f"{counted(len(strangers), 'line')} about {', '.join(map(str, strangers[:_NAMED]))}{more}"
    return [Notice("unplaced", path.name, len(strangers), text)]


def box_text(left: pd.Series, top: pd.Series, right: pd.Series, bottom: pd.Series) -> pd.Series:
    """Corners in pixels to `boundingBox` text, ``x,y,width,height``; "" where one is not a number."""
    x, y, x2, y2 = (pd.to_numeric(values, errors="coerce") for values in (left, top, right, bottom))
    text = pd.Series("", index=left.index, dtype="str")
    good = x.notna() & y.notna() & (x2 > x) & (y2 > y)
    for i in text.index[good]:
        text[i] = f"{x[i]:g},{y[i]:g},{x2[i] - x[i]:g},{y2[i] - y[i]:g}"
    return text


def box_or_words(box: pd.Series, corners: pd.DataFrame) -> pd.Series:
    """Boxes, and where the corners give none, their words as they stand: the schema refuses them and tells it."""
    words = [" ".join(row).strip() for row in corners.fillna("").astype("str").itertuples(index=False)]
    return box.where(box != "", pd.Series(words, index=box.index, dtype="str"))


def numbered(name: str, frame: pd.DataFrame) -> RawTable:
    """A raw table of this name whose rows are numbered from 1."""
    return RawTable(name, frame.set_axis(pd.RangeIndex(1, len(frame) + 1)))
