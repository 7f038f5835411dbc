"""Finding specimens by what a person types: part of an id, a name or a common name, in any case and without accents."""

import unicodedata

import numpy as np
import numpy.typing as npt
import pandas as pd


def folded(text: str) -> str:
    """A text as it is searched for: without cases, accents and the dots that Turkish puts on an i or leaves out."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in plain if not unicodedata.combining(sign)).replace("ı", "i")


class SearchIndex:
    """The texts of specimens, made when they are searched for the first time.

    Parameters
    ----------
    rows : DataFrame
        image_id, and scientificName and vernacularName where they are known.
    """

    def __init__(self, rows: pd.DataFrame) -> None:
        self._rows = rows
        self._texts: pd.Series | None = None

    @property
    def _searchable(self) -> pd.Series:
        if self._texts is None:
            columns = ["image_id", "scientificName", "vernacularName"]
            names = self._rows.reindex(columns=columns, fill_value="").fillna("")
            whole = names["image_id"].str.cat([names["scientificName"], names["vernacularName"]], sep="\n")
            self._texts = whole.map(folded)
        return self._texts

    def contains(self, text: str) -> npt.NDArray[np.bool_]:
        """Which specimens have the text in their id or names, bool (n,)."""
        found: npt.NDArray[np.bool_] = self._searchable.str.contains(folded(text.strip()), regex=False).to_numpy(bool)
        return found

    def best(self, text: str, count: int) -> npt.NDArray[np.intp]:
        """Rows of up to `count` specimens: the one with this very id, ids that begin so, ids and names with it in them.

        Parameters
        ----------
        text : str
            "" finds the first ones.
        count : int
        """
        wanted = folded(text.strip())
        rows = np.flatnonzero(self.contains(text))
        ids = self._searchable.iloc[rows].str.partition("\n")[0] if len(rows) else pd.Series([], dtype=str)
        rank = np.select(
            [ids == wanted, ids.str.startswith(wanted), ids.str.contains(wanted, regex=False)], [0, 1, 2], 3
        )
        ordered: npt.NDArray[np.intp] = rows[np.argsort(rank, kind="stable")][:count]
        return ordered
