"""A canonical column as a text with `{source column}` fields, filled for a whole table at once."""

import re
from collections.abc import Callable
from functools import reduce

import pandas as pd

from finercam_core.errors import CatalogError

_FIELD = re.compile(r"\{([^{}:]+)(?::([^{}]*))?\}")
Step = Callable[[pd.Series], pd.Series]

STEPS: dict[str, Step] = {
    "stem": lambda s: STEPS["name"](s).str.replace(r"(?<=.)\.[^.]*$", "", regex=True),
    "name": lambda s: s.str.replace(r"^.*[/\\]", "", regex=True),
    "parent": lambda s: s.str.replace(r"[/\\]?[^/\\]*$", "", regex=True).str.replace(r"^.*[/\\]", "", regex=True),
    "lower": lambda s: s.str.lower(),
    "upper": lambda s: s.str.upper(),
    "capitalize": lambda s: s.str.capitalize(),
    "words": lambda s: s.str.replace(r"[_.]+", " ", regex=True).str.replace(r"^\d+ ", "", regex=True).str.strip(),
    "first": lambda s: s.str.replace(r"\s.*$", "", regex=True),
    "last": lambda s: s.str.replace(r"^.*\s", "", regex=True),
}


class Template:
    """The recipe of one canonical column.

    Parameters
    ----------
    text : str
        A source column's name, or a text with fields: `"Images/{file_name}"`, `"{filename:stem}"`,
        `"{class:words|last}"`. The steps after the colon are those of `STEPS`: `stem` and `name` of a path,
        `parent` (folder's name), `lower`, `upper`, `capitalize`, `words` (underscores to spaces, leading number off),
        `first` and `last` word.

    Raises
    ------
    CatalogError
        Braces do not match, or a step is unknown.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._parts = _split(text) if "{" in text or "}" in text else [("", text, ())]
        unknown = [step for _, _, steps in self._parts for step in steps if step not in STEPS]
        if unknown:
            raise CatalogError(f"unknown step {unknown[0]!r} in {text!r}", f"use one of {', '.join(STEPS)}")

    @property
    def columns(self) -> list[str]:
        """The source columns it needs."""
        return [column for _, column, _ in self._parts if column]

    def fill(self, table: pd.DataFrame, *, every: bool = False) -> pd.Series:
        """Text of the column for each row of `table`.

        Parameters
        ----------
        table : DataFrame
            Source columns as text, "" where empty.
        every : bool
            A row is "" unless every field has a value (locations); otherwise it is "" when all fields are empty.
        """
        result = pd.Series("", index=table.index, dtype="str")
        known = pd.Series(every, index=table.index)
        for before, column, steps in self._parts:
            result = result + before if before else result
            if column:
                value = reduce(lambda s, step: STEPS[step](s), steps, table[column].str.strip())
                result = result + value
                known = known & (value != "") if every else known | (value != "")
        return result.where(known, "") if self.columns else result


def _split(text: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """Pieces of a template: literal text before a field, the field's column (or "" at the end), its steps."""
    rest = _FIELD.sub("", text)
    if "{" in rest or "}" in rest:
        raise CatalogError(f"the braces of {text!r} do not match", "write fields as {column} or {column:step}")
    parts: list[tuple[str, str, tuple[str, ...]]] = []
    end = 0
    for match in _FIELD.finditer(text):
        steps = tuple(s.strip() for s in (match[2] or "").split("|") if s.strip())
        parts.append((text[end : match.start()], match[1].strip(), steps))
        end = match.end()
    return [*parts, (text[end:], "", ())]
