"""Names of a classifier's classes in the order of its scores: from a table, or from what a configuration says."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from finercam_core.errors import CatalogError, ClassifierError
from finercam_core.io.tables import read_certain_table

COLUMN = "scientificName"


def class_table(path: Path) -> pd.DataFrame:
    """A table with a row per class, in the order of the scores, as text: any separator, encoding and byte-order mark.

    Returns
    -------
    DataFrame, index the 1-based number of the row; `scientificName` is there, its names are stripped and all different.

    Raises
    ------
    ClassifierError
        If it cannot be read, lacks the column, or a class has no name or that of another.
    """
    try:
        table = read_certain_table(str(path), kind="csv", name=str(path))
    except CatalogError as error:
        raise ClassifierError(error.problem, error.remedy) from error
    frame = table.frame.rename(columns=lambda name: str(name).strip())
    if COLUMN not in frame:
        raise ClassifierError(f"{path} has no column {COLUMN}: its columns are {', '.join(frame)}", "rename one")
    frame[COLUMN] = frame[COLUMN].str.strip()
    wrong = frame[COLUMN][(frame[COLUMN] == "") | frame[COLUMN].duplicated()]
    if len(wrong):
        raise ClassifierError(f"row {wrong.index[0] + 1} of {path} is {wrong.iloc[0]!r}", "name each class once")
    return frame


def checked_names(names: list[str], source: str) -> list[str]:
    """The names without spaces around them.

    Raises
    ------
    ClassifierError
        If there is none, one is empty, or one stands twice.
    """
    stripped = [str(name).strip() for name in names]
    if not stripped:
        raise ClassifierError(f"{source} names no class", "give one name per score")
    if "" in stripped:
        raise ClassifierError(f"class {stripped.index('') + 1} of {source} has no name", "name each class")
    name, count = Counter(stripped).most_common(1)[0]
    if count > 1:
        raise ClassifierError(f"{name!r} stands {count} times in {source}", "give each class a name of its own")
    return stripped


def label_names(labels: object, source: str) -> list[str]:
    """Names from a list, or from a mapping of the scores' numbers to names or of names to numbers.

    Raises
    ------
    ClassifierError
        If it is something else, or the numbers are not those of all scores.
    """
    if isinstance(labels, Mapping):
        labels = _by_number(labels, source)
    if not isinstance(labels, list | tuple) or not all(isinstance(label, str) for label in labels):
        raise ClassifierError(f"label_names in {source} is no list of names", "give one name per score, in their order")
    return checked_names(list(labels), source)


def _by_number(labels: Mapping[object, object], source: str) -> list[object]:
    """The names of a mapping in the order of their numbers, whichever side the numbers are on."""
    by_key = {_number(key): value for key, value in labels.items()}
    by_value = {_number(value): key for key, value in labels.items()}
    numbers = list(range(len(labels)))
    for names in (by_key, by_value):
        if sorted(number for number in names if number is not None) == numbers and None not in names:
            return [names[number] for number in numbers]
    raise ClassifierError(
        f"label_names in {source} does not number its names 0 to {len(labels) - 1}", "key each name by its score"
    )


def _number(value: object) -> int | None:
    """A whole number, also written as text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return int(value) if isinstance(value, int) or value.isdecimal() else None
