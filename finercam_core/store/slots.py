"""Which specimen gets which slot: a pure function of the catalog and of what the store already holds."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from finercam_core.catalog.columns import image_locations
from finercam_core.io.web.logins import remember_login
from finercam_core.parts import NO_FOLD, ImageLists, Part, assign_parts
from finercam_core.redaction import without_secrets
from finercam_core.store.layout import distinct_path, folded, group_path

COLUMNS = (
    "image_id", "scientificName", "family", "genus", "vernacularName", "split", "path", "accessURI", "maskURI",
    "boundingBox", "license", "rightsHolder", "group_id", "fault",
)  # fmt: skip


def plan_slots(
    specimens: pd.DataFrame,
    root: str,
    existing: pd.DataFrame | None = None,
    *,
    lists: ImageLists | None = None,
    collection: str = "",
) -> pd.DataFrame:
    """Give every specimen of a catalog its species' group, a slot in it, the fingerprint of its image, and its part.

    Parameters
    ----------
    specimens : DataFrame
        The catalog's specimens with the columns of `COLUMNS`.
    root : str
        Folder or URL that the paths are relative to.
    existing : DataFrame, optional
        The plan already in the store. Its slots are kept, and rows that the catalog no longer lists stay with
        ``listed = False``; new specimens are appended to their species.
    lists : ImageLists, optional
        Of the classifier: what it was trained on.
    collection : str
        Name of the catalog.

    Returns
    -------
    DataFrame with `COLUMNS`, group (str), slot (int64), fingerprint (str), listed (bool), part (str, values of `Part`)
    and fold (int64), sorted by group and slot.
    """
    specimens, root = _without_logins(specimens), remember_login(root)
    wanted = specimens.reindex(columns=list(COLUMNS), fill_value="").fillna("")
    wanted = wanted.assign(fingerprint=_fingerprints(specimens, root), listed=True)
    wanted = wanted.join(assign_parts(specimens, root, lists, collection))
    known = pd.DataFrame(columns=["image_id", "scientificName", "group", "slot"]) if existing is None else existing
    merged = wanted.merge(known[["image_id", "scientificName", "group", "slot"]], how="left", validate="one_to_one")
    merged = _fill_groups(merged, known)
    merged = _fill_slots(merged, known)
    if existing is not None:
        kept = existing.merge(wanted[["image_id", "scientificName"]], how="left", indicator=True)
        gone = kept[kept["_merge"] == "left_only"].drop(columns="_merge").assign(listed=False)
        gone = with_parts(gone).reindex(columns=merged.columns, fill_value="")
        merged = pd.concat([merged, gone], ignore_index=True)
    return merged.sort_values(["group", "slot"], ignore_index=True)


def with_parts(table: pd.DataFrame) -> pd.DataFrame:
    """A store's table with `part` and `fold`, unknown where it was written before stores had them."""
    missing = {"part": Part.UNKNOWN.value, "fold": NO_FOLD}
    return table.assign(**{name: value for name, value in missing.items() if name not in table})


def _without_logins(specimens: pd.DataFrame) -> pd.DataFrame:
    """The table without user names and passwords in its addresses; this run uses them, and the store has none."""
    changed = {}
    for column in ("accessURI", "maskURI"):
        if column in specimens and specimens[column].astype(str).str.contains(r"://[^/]*@", regex=True).any():
            changed[column] = specimens[column].fillna("").map(remember_login)
    return specimens.assign(**changed)


def _fingerprints(specimens: pd.DataFrame, root: str) -> list[str]:
    """What identifies each image's content without reading it: its published hash, else size and modification time."""
    hashes = specimens.get("hashValue", pd.Series("", index=specimens.index)).fillna("")
    places = image_locations(specimens)
    return [
        f"{known}:{fault}" if known else f"{_stat(location, root)}:{fault}"
        for known, location, fault in zip(hashes, places, specimens["fault"], strict=True)
    ]


def _stat(location: str, root: str) -> str:
    if "://" in location or "://" in root:
        return without_secrets(f"uri:{root}/{location}")
    try:
        status = os.stat(Path(root) / location)  # noqa: PTH116 - a Path method would stat through another object each time
    except (OSError, ValueError):
        return "missing"
    return f"stat:{status.st_size}:{status.st_mtime_ns}"


def _fill_groups(merged: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """A species keeps the group it has in the store; a new one gets family/genus/species from its first row."""
    groups = dict(zip(known["scientificName"], known["group"], strict=True))
    first = merged.drop_duplicates("scientificName")
    taken = set(map(folded, groups.values()))
    for family, genus, species in zip(first["family"], first["genus"], first["scientificName"], strict=True):
        if species not in groups:
            groups[species] = distinct_path(group_path(family, genus, species), species, taken)
            taken.add(folded(groups[species]))
    return merged.assign(group=merged["scientificName"].map(groups))


def _fill_slots(merged: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Slots of new specimens follow those that their species has, in the order of their ids."""
    taken = known.groupby("group")["slot"].max() + 1 if len(known) else pd.Series(dtype=np.int64)
    new = merged[merged["slot"].isna()].sort_values(["group", "image_id"])
    start = new["group"].map(taken).fillna(0).astype(np.int64)
    slots = merged["slot"].astype("Int64")
    slots.loc[new.index] = (start + new.groupby("group").cumcount()).astype("Int64")
    return merged.assign(slot=slots.astype(np.int64))
