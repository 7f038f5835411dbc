"""Which specimen gets which slot: a pure function of the catalog and of what the store already holds."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from finercam_core.catalog.columns import image_locations
from finercam_core.io.disk.sealed_pieces import ROWS
from finercam_core.io.web.logins import remember_login
from finercam_core.parts import NO_FOLD, ImageLists, Part, PartAssignment
from finercam_core.redaction import without_secrets
from finercam_core.store.integrity.plan_table import PlanRows
from finercam_core.store.layout import distinct_path, folded, group_path

COLUMNS = (
    "image_id", "scientificName", "family", "genus", "vernacularName", "split", "path", "accessURI", "maskURI",
    "boundingBox", "license", "rightsHolder", "group_id", "fault",
)  # fmt: skip
_KEYS = ["image_id", "scientificName", "group", "slot"]


def plan_pieces(
    specimens: pd.DataFrame,
    root: str,
    existing: Iterable[pd.DataFrame] = (),
    *,
    lists: ImageLists | None = None,
    collection: str = "",
    rows: int = ROWS,
) -> Iterator[pd.DataFrame]:
    """Give every specimen of a catalog its species' group, a slot in it, the fingerprint of its image, and its part.

    Parameters
    ----------
    specimens : DataFrame
        The catalog's specimens with the columns of `COLUMNS`.
    root : str
        Folder or URL that the paths are relative to.
    existing : iterable of DataFrame
        The plan already in the store, in its order; it is gone through twice. Its slots are kept, and rows that the
        catalog no longer lists stay with ``listed = False``; new specimens are appended to their species.
    lists : ImageLists, optional
        Of the classifier: what it was trained on.
    collection : str
        Name of the catalog.
    rows : int
        Of a piece, at least; a piece is whole species.

    Yields
    ------
    DataFrame with `COLUMNS`, group (str), slot (int64), fingerprint (str), listed (bool), part (str, values of `Part`)
    and fold (int64), sorted by group and slot over all pieces. One without rows for an empty catalog.
    """
    root, parts = remember_login(root), PartAssignment(lists, collection)
    held = held_species(existing)
    groups = _groups(specimens, dict(zip(held["scientificName"], held["group"], strict=True)))
    for chosen, known in _by_group(specimens["scientificName"], groups, held, existing, rows):
        yield _planned(_without_logins(specimens.iloc[chosen]), known, root, parts, groups)


def plan_slots(
    specimens: pd.DataFrame,
    root: str,
    existing: pd.DataFrame | None = None,
    *,
    lists: ImageLists | None = None,
    collection: str = "",
) -> pd.DataFrame:
    """The whole plan as one table, see `plan_pieces`."""
    known = [] if existing is None else [existing]
    return pd.concat(plan_pieces(specimens, root, known, lists=lists, collection=collection), ignore_index=True)


def held_species(existing: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Species of a plan in its order: group, scientificName, and the number of its rows, images."""
    pieces = [piece[["group", "scientificName"]].value_counts(sort=False).reset_index() for piece in existing]
    if not pieces:
        return pd.DataFrame({"group": [], "scientificName": [], "count": []}).astype({"count": "int64"})
    counts = pd.concat(pieces).groupby(["group", "scientificName"], as_index=False)["count"].sum()
    return counts.sort_values("group", ignore_index=True)


def _by_group(
    names: pd.Series, groups: dict[str, str], held: pd.DataFrame, existing: Iterable[pd.DataFrame], rows: int
) -> Iterator[tuple[npt.NDArray[np.intp], pd.DataFrame | None]]:
    """Rows of the catalog, and those of the plan, of some groups at a time, in the order of the groups."""
    codes, species = pd.factorize(names.fillna(""))
    ordered = sorted({*groups.values(), *held["group"]})
    place = {group: number for number, group in enumerate(ordered)}
    number = np.array([place[groups[name]] for name in species], np.int64)[codes]
    listed = np.bincount(number, minlength=len(ordered))
    known = np.bincount(held["group"].map(place).astype(np.int64), held["count"], len(ordered)).astype(np.int64)
    order, source, taken = np.argsort(number, kind="stable"), PlanRows(existing), np.cumsum([0, *(listed + known)])
    begin, first = 0, 0
    while begin < max(1, len(ordered)):
        end = max(begin + 1, int(np.searchsorted(taken, taken[begin] + rows)))
        last = first + int(listed[begin:end].sum())
        yield order[first:last], source.take(int(known[begin:end].sum()), ordered[begin:end]) if len(held) else None
        begin, first = end, last


def _planned(
    specimens: pd.DataFrame, known: pd.DataFrame | None, root: str, parts: PartAssignment, groups: dict[str, str]
) -> pd.DataFrame:
    """The plan of some whole species."""
    wanted = specimens.reindex(columns=list(COLUMNS), fill_value="").fillna("")
    listed = pd.Series(True, wanted.index, dtype="bool")  # with its type also where no row is
    wanted = wanted.assign(
        fingerprint=pd.Series(_fingerprints(specimens, root), wanted.index, dtype="str"), listed=listed
    )
    wanted = wanted.join(parts.of(specimens, root))
    slots = pd.DataFrame(columns=_KEYS) if known is None else known[_KEYS]
    merged = wanted.merge(slots, how="left", validate="one_to_one")
    merged = _fill_slots(merged.assign(group=merged["scientificName"].map(groups)), slots)
    if known is not None:
        kept = known.merge(wanted[["image_id", "scientificName"]], how="left", indicator=True)
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


def _groups(specimens: pd.DataFrame, known: dict[str, str]) -> dict[str, str]:
    """A species keeps the group it has in the store; a new one gets family/genus/species from its first row."""
    groups, taken = dict(known), set(map(folded, known.values()))
    first = specimens.drop_duplicates("scientificName").reindex(columns=list(COLUMNS), fill_value="").fillna("")
    for family, genus, species in zip(first["family"], first["genus"], first["scientificName"], strict=True):
        if species not in groups:
            groups[species] = distinct_path(group_path(family, genus, species), species, taken)
            taken.add(folded(groups[species]))
    return groups


def _fill_slots(merged: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Slots of new specimens follow those that their species has, in the order of their ids."""
    taken = known.groupby("group")["slot"].max() + 1 if len(known) else pd.Series(dtype=np.int64)
    new = merged[merged["slot"].isna()].sort_values(["group", "image_id"])
    start = new["group"].map(taken).fillna(0).astype(np.int64)
    slots = merged["slot"].astype("Int64")
    slots.loc[new.index] = (start + new.groupby("group").cumcount()).astype("Int64")
    return merged.assign(slot=slots.astype(np.int64))
