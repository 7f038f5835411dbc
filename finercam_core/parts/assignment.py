"""From a classifier's lists to the part of every image of a catalog: by content first, then by id, then by group."""

from collections.abc import Hashable

import pandas as pd

from finercam_core.parts.content import known_contents
from finercam_core.parts.lists import ImageLists
from finercam_core.parts.part import NO_FOLD, STRICTEST, Part


class PartAssignment:
    """What a classifier did with images of a catalog, asked piece by piece.

    Parameters
    ----------
    lists : ImageLists or None
        Of the classifier, None where it came without.
    collection : str
        Name of the catalog. An image that is not listed but belongs to a listed group of the same collection has that
        group's part: another photograph of a specimen that was trained on is no test.
    """

    def __init__(self, lists: ImageLists | None, collection: str = "") -> None:
        self._known: dict[str, pd.DataFrame] = {}
        if lists is None or not lists.images:
            return
        table = lists.table
        self._sizes = set(table.loc[table["sha256"] != "", "bytes"])
        self._known = {"content": _by_key(table, table["sha256"]), "image_id": _by_key(table, table["image_id"])}
        if collection and collection == lists.collection:
            self._known["group_id"] = _by_key(table, table["group_id"])

    def of(self, specimens: pd.DataFrame, root: str) -> pd.DataFrame:
        """Parts of some rows of the catalog.

        Parameters
        ----------
        specimens : DataFrame (N rows)
        root : str
            Folder or URL that their paths are relative to.

        Returns
        -------
        DataFrame (N rows, same index): part (str, values of `Part`) and fold (int64).
        """
        part = pd.Series(Part.UNKNOWN.value, specimens.index, dtype="str")
        fold = pd.Series(NO_FOLD, specimens.index, dtype="int64")
        for name, known in self._known.items():
            own = known_contents(specimens, root, self._sizes) if name == "content" else _column(specimens, name)
            hit = part.eq(Part.UNKNOWN) & own.isin(known.index)
            part = part.mask(hit, own.map(known["part"]))
            fold = fold.mask(hit, own.map(known["fold"]).fillna(NO_FOLD).astype("int64"))
        return pd.DataFrame({"part": part, "fold": fold})


def _column(specimens: pd.DataFrame, name: str) -> pd.Series:
    return specimens.get(name, pd.Series("", index=specimens.index)).fillna("")


def _by_key(table: pd.DataFrame, key: pd.Series) -> pd.DataFrame:
    """Part and fold by key; of several the strictest, so that a file that was trained on once is a training image."""
    order: dict[Hashable, int] = {part.value: number for number, part in enumerate(STRICTEST)}
    known = table.assign(key=key, order=table["part"].map(order))[key != ""]
    known = known.sort_values("order", kind="stable").drop_duplicates("key").set_index("key")
    return known[["part", "fold"]].assign(part=known["part"].astype("str"))
