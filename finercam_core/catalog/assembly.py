"""The state of a catalog while it is put together: good rows, rejected ones, and values that were changed."""

from dataclasses import dataclass, field

import pandas as pd

from finercam_core.catalog.model import CORRECTIONS, REJECTED, SPELLINGS

PLACE = ["table", "row"]
_TOLD = ("scientificName", "family")


@dataclass
class Assembly:
    """What came out of the rows so far: good ones, rejected ones, and values that were changed."""

    specimens: pd.DataFrame
    rejected: list[pd.DataFrame] = field(default_factory=list)
    corrections: list[pd.DataFrame] = field(default_factory=list)
    spellings: list[pd.DataFrame] = field(default_factory=list)

    def reject(self, bad: pd.Series, reason: str | pd.Series) -> None:
        """Move rows from the specimens to the rejected ones."""
        rows = self.specimens.loc[bad, [*PLACE, "image_id"]]
        if len(rows):
            self.rejected.append(rows.assign(reason=reason))
            self.specimens = self.specimens[~bad]

    def correct(self, term: str, values: pd.Series, reason: str) -> None:
        """Replace the values of a column and note where that changed more than case and white space."""
        before = self.specimens[term]
        told = before.str.strip().str.lower() != values.str.lower()
        if told.any():
            rows = {"image_id": self.specimens.loc[told, "image_id"], "term": term, "verbatim": before[told]}
            self.corrections.append(pd.DataFrame({**rows, "value": values[told], "reason": reason}))
        if term in _TOLD:
            self._spell(term, before, values)
        self.specimens[term] = values

    def note(self, rows: pd.DataFrame, term: str, verbatim: pd.Series, value: pd.Series, reason: pd.Series) -> None:
        """Note values of rows that are not used."""
        if len(rows):
            cells = {"image_id": rows["image_id"], "term": term, "verbatim": verbatim, "value": value, "reason": reason}
            self.corrections.append(pd.DataFrame(cells))

    def _spell(self, term: str, before: pd.Series, values: pd.Series) -> None:
        """Count each different text that became another one."""
        pairs = pd.DataFrame({"verbatim": before, "value": values})[before != values]
        if len(pairs):
            counted = pairs.value_counts(sort=False).rename("rows").reset_index()
            self.spellings.append(counted.assign(term=term)[list(SPELLINGS)])

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Rejected rows, corrections and spellings as tables."""
        rejected = pd.concat([pd.DataFrame(columns=list(REJECTED)), *self.rejected], ignore_index=True)
        corrections = pd.concat([pd.DataFrame(columns=list(CORRECTIONS)), *self.corrections], ignore_index=True)
        spellings = pd.concat([pd.DataFrame(columns=list(SPELLINGS)), *self.spellings], ignore_index=True)
        return rejected, corrections, spellings
