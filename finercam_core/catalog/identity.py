"""Which rows are the same image: ids are unique, and an image that several tables list is one specimen."""

import pandas as pd

from finercam_core.catalog.assembly import Assembly

_FILLED = ("family", "order", "split", "maskURI", "license", "rightsHolder", "group_id", "hashFunction", "hashValue")
REPEAT, OTHER_SPLIT = "the same image is in", "the same image has another split in"


def identify(found: Assembly) -> None:
    """Keep the first of several rows with one id.

    A later row with the same species and place repeats the first, as in a table of another task: it fills in what the
    first lacks and is noted, also if it has another split. A row with another species or place is refused.
    """
    table = found.specimens
    later = table.duplicated("image_id")
    if later.any():
        first = table.index[~later]
        kept = pd.Series(first, index=table.loc[first, "image_id"])
        before = table.loc[kept.loc[table.loc[later, "image_id"]]].set_axis(table.index[later])
        repeats = table[later]
        same = (repeats["scientificName"] == before["scientificName"]) & (repeats["place"] == before["place"])
        where = before["table"] + " row " + before["row"].astype(str)
        found.reject(later & ~same.reindex(table.index, fill_value=False), "its id is already that of " + where)
        _merge(found, repeats[same], before[same], where[same])


def _merge(found: Assembly, repeats: pd.DataFrame, before: pd.DataFrame, where: pd.Series) -> None:
    """Fill in what the first rows lack, drop the repeats, and note them."""
    table = found.specimens.drop(index=repeats.index)
    keys = table.set_index("image_id").index
    for term in _FILLED:
        given = repeats[repeats[term] != ""].drop_duplicates("image_id").set_index("image_id")[term]
        filled = table[term].where(table[term] != "", pd.Series(given.reindex(keys).to_numpy(), index=table.index))
        table[term] = filled.fillna("").astype("str")
    found.specimens = table
    found.note(repeats, "image_id", repeats["table"] + " row " + repeats["row"].astype(str), repeats["image_id"],
               f"{REPEAT} " + where)  # fmt: skip
    other = (repeats["split"] != "") & (before["split"] != "") & (repeats["split"] != before["split"])
    found.note(repeats[other], "split", repeats.loc[other, "split"], before.loc[other, "split"],
               f"{OTHER_SPLIT} " + repeats.loc[other, "table"])  # fmt: skip
