"""A catalog in the making: its rows so far, and a record of every row refused and every value changed."""

from dataclasses import dataclass, field

import pandas as pd

from finercam_core.catalog.catalog import CORRECTIONS, REJECTED, SPELLINGS
from finercam_core.io.raw_tables import Notice, RawTable

ROW = ["table", "row"]
# Why a value was changed, as `corrections` tells it and the check looks for it.
CLEANED, SYNONYM = "cleaned name", "synonym of the accepted name"
NOT_A_FAMILY, MAJORITY = "not the name of a family", "family of most rows of the genus"
REPEAT, OTHER_SPLIT = "the same image is in", "the same image has another split in"
_SPELLED = ("scientificName", "family")


@dataclass
class Assembly:
    """Rows of a catalog, and what happened to them.

    Parameters
    ----------
    specimens : DataFrame
        The good rows.
    rejected, corrections, spellings : list of DataFrame
        Rows of the tables of the same names in `Catalog`.
    notices : list of Notice
        What else the user should know.
    """

    specimens: pd.DataFrame
    rejected: list[pd.DataFrame] = field(default_factory=list)
    corrections: list[pd.DataFrame] = field(default_factory=list)
    spellings: list[pd.DataFrame] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def reject_unread(self, raw: RawTable) -> None:
        """Record the rows of a table that could not even be read, and what else its reader has to say."""
        self.notices += raw.notices
        if raw.broken:
            rows = [(raw.name, row, "", reason) for row, reason in raw.broken]
            self.rejected.append(pd.DataFrame(rows, columns=list(REJECTED)))

    def reject(self, bad: pd.Series, reason: str | pd.Series) -> None:
        """Move rows from the specimens to the rejected ones."""
        rows = self.specimens.loc[bad, [*ROW, "image_id"]]
        if len(rows):
            self.rejected.append(rows.assign(reason=reason))
            self.specimens = self.specimens[~bad]

    def correct(self, term: str, values: pd.Series, reason: str) -> None:
        """Replace the values of a column, and record where more than case and white space changed."""
        before = self.specimens[term]
        changed = before.str.strip().str.lower() != values.str.lower()
        self.note(self.specimens[changed], term, before[changed], values[changed], reason)
        if term in _SPELLED:
            self._note_spellings(term, before, values)
        self.specimens[term] = values

    def note(
        self, rows: pd.DataFrame, term: str, verbatim: pd.Series, value: pd.Series, reason: str | pd.Series
    ) -> None:
        """Record what became of the values of some rows."""
        if len(rows):
            cells = {"image_id": rows["image_id"], "term": term, "verbatim": verbatim, "value": value, "reason": reason}
            self.corrections.append(pd.DataFrame(cells))

    def _note_spellings(self, term: str, before: pd.Series, values: pd.Series) -> None:
        """Count each different text that became another one."""
        pairs = pd.DataFrame({"verbatim": before, "value": values})[before != values]
        if len(pairs):
            counted = pairs.value_counts(sort=False).rename("rows").reset_index()
            self.spellings.append(counted.assign(term=term)[list(SPELLINGS)])

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Rejected rows, corrections and spellings, one table each."""
        return _table(REJECTED, self.rejected), _table(CORRECTIONS, self.corrections), _table(SPELLINGS, self.spellings)


def _table(columns: tuple[str, ...], tables: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([pd.DataFrame(columns=list(columns)), *tables], ignore_index=True)
