"""From a classifier's lists to the part of every image of a catalog: by content first, then by id, then by group."""

from collections.abc import Hashable

import pandas as pd

from finercam_core.parts.content import known_contents
from finercam_core.parts.lists import ImageLists
from finercam_core.parts.part import NO_FOLD, STRICTEST, Part


def assign_parts(specimens: pd.DataFrame, root: str, lists: ImageLists | None, collection: str = "") -> pd.DataFrame:
    """What a classifier did with each image of a catalog.

    Parameters
    ----------
    specimens : DataFrame (N rows)
        Rows of a catalog.
    root : str
        Folder or URL that their paths are relative to.
    lists : ImageLists or None
        Of the classifier, None where it came without.
    collection : str
        Name of the catalog. An image that is not listed but belongs to a listed group of the same collection has that
        group's part: another photograph of a specimen that was trained on is no test.

    Returns
    -------
    DataFrame (N rows, same index): part (str, values of `Part`) and fold (int64).
    """
    part = pd.Series(Part.UNKNOWN.value, specimens.index, dtype="str")
    fold = pd.Series(NO_FOLD, specimens.index, dtype="int64")
    if lists is None or not lists.images:
        return pd.DataFrame({"part": part, "fold": fold})
    table = lists.table
    contents = known_contents(specimens, root, set(table.loc[table["sha256"] != "", "bytes"]))
    keys = [(contents, table["sha256"]), (specimens["image_id"], table["image_id"])]
    if collection and collection == lists.collection:
        groups = specimens.get("group_id", pd.Series("", specimens.index)).fillna("")
        keys.append((groups, table["group_id"]))
    for own, listed in keys:
        known = _by_key(table, listed)
        hit = part.eq(Part.UNKNOWN) & own.isin(known.index)
        part = part.mask(hit, own.map(known["part"]))
        fold = fold.mask(hit, own.map(known["fold"]).fillna(NO_FOLD).astype("int64"))
    return pd.DataFrame({"part": part, "fold": fold})


def _by_key(table: pd.DataFrame, key: pd.Series) -> pd.DataFrame:
    """Part and fold by key; of several the strictest, so that a file that was trained on once is a training image."""
    order: dict[Hashable, int] = {part.value: number for number, part in enumerate(STRICTEST)}
    known = table.assign(key=key, order=table["part"].map(order))[key != ""]
    known = known.sort_values("order", kind="stable").drop_duplicates("key").set_index("key")
    return known[["part", "fold"]].assign(part=known["part"].astype("str"))
