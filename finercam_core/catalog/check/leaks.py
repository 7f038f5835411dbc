"""Findings about images that belong together: splits that leak, and one image in several rows."""

import numpy as np
import pandas as pd

from finercam_core.catalog.assembly import OTHER_SPLIT, REPEAT
from finercam_core.catalog.catalog import Catalog
from finercam_core.catalog.check.findings import Finding, Level
from finercam_core.catalog.check.near_duplicates import near_pairs
from finercam_core.catalog.columns import image_locations
from finercam_core.catalog.splits import keys_in_several
from finercam_core.errors import counted

_LEAK = "a classifier tested on them was trained on them: leave one side out, or run finercam catalog split --anew"


def split_findings(catalog: Catalog) -> list[Finding]:
    """Groups in several splits, images that other tables put elsewhere, and species that cannot be learnt."""
    table = catalog.specimens
    findings = [_groups(table), _other_tables(catalog), _untrained(table), _no_split(table)]
    return [finding for finding in findings if finding is not None]


def _groups(specimens: pd.DataFrame) -> Finding | None:
    """Images of one source image or specimen in several splits."""
    rows = specimens[(specimens["group_id"] != "") & (specimens["split"] != "")]
    rows = rows[rows["group_id"].isin(keys_in_several(rows["group_id"], rows["split"]))]
    if rows.empty:
        return None
    by_group = rows.groupby("group_id", sort=True)
    cases = pd.DataFrame({"images": by_group["image_id"].agg(", ".join), "splits": _splits(rows, "group_id")})
    cases = cases.rename_axis("group").reset_index()
    what = f"(source images or specimens) in several splits, with {counted(len(rows), 'image')}"
    return Finding("split_leak_group", "warning", len(cases), "groups", what, cases, "{group}: {splits}", _LEAK)


def _other_tables(catalog: Catalog) -> Finding | None:
    changed = catalog.corrections
    rows = changed[(changed["term"] == "split") & changed["reason"].str.startswith(OTHER_SPLIT)]
    cases = rows[["image_id", "value", "verbatim", "reason"]].rename(columns={"value": "kept", "verbatim": "other"})
    if cases.empty:
        return None
    return Finding(
        "split_differs_between_tables",
        "warning",
        cases["image_id"].nunique(),
        "images",
        "with another split in another table",
        cases,
        "{image_id}: {kept}, not {other}",
        "the split of the first table is kept; do not mix the tables' splits",
    )


def _untrained(specimens: pd.DataFrame) -> Finding | None:
    """Species of the held-out splits without a training image, where there are splits at all."""
    trained = specimens.loc[specimens["split"] == "train", "scientificName"].unique()
    held = specimens[specimens["split"].isin(["val", "test"]) & ~specimens["scientificName"].isin(trained)]
    if held.empty or not len(trained):
        return None
    cases = held["scientificName"].value_counts().sort_index().rename("images").rename_axis("species").reset_index()
    return Finding(
        "species_untrained",
        "note",
        len(cases),
        "species",
        "in val or test but not in train",
        cases,
        "{species} ({images})",
        "a classifier trained on this catalog does not know them",
    )


def _no_split(specimens: pd.DataFrame) -> Finding | None:
    without = specimens["split"] == ""
    if without.all() or not without.any():
        return None
    cases = specimens.loc[without, ["image_id"]]
    return Finding(
        "split_missing",
        "note",
        len(cases),
        "images",
        "without a split, where others have one",
        cases,
        "{image_id}",
        "training leaves them out",
    )


def same_image_findings(catalog: Catalog, seen: pd.DataFrame) -> list[Finding]:
    """One image in several rows or tables: of two species, in two splits, or merely repeated."""
    rows = catalog.specimens[["image_id", "scientificName", "split"]].assign(key=_keys(catalog.specimens, seen))
    rows = rows[rows["key"].duplicated(keep=False)]
    if rows.empty:
        return _repeats(catalog)
    by_key = rows.groupby("key", sort=True)
    names = rows.drop_duplicates(["key", "scientificName"]).sort_values("scientificName").groupby("key")
    cases = pd.DataFrame(
        {
            "images": by_key["image_id"].agg(", ".join),
            "species": names["scientificName"].agg(", ".join),
            "splits": _splits(rows, "key"),
            "names": names.size(),
        }
    )
    cases["parts"] = 1 + cases.index.isin(keys_in_several(rows["key"], rows["split"]))
    return [*_by_fault(cases.sort_values("images"), "same_image", "files", ""), *_repeats(catalog)]


def near_image_findings(catalog: Catalog, seen: pd.DataFrame) -> list[Finding]:
    """Pairs of images that look the same by a perceptual hash, though their files differ."""
    table = catalog.specimens
    # Of several rows with the same file one stands for all: `same_image_findings` reports them.
    hashes = seen["perceptual_hash"].mask(_keys(table, seen).duplicated(), "")
    first, second, bits = near_pairs(hashes.tolist())
    left, right = (table.iloc[positions].reset_index(drop=True) for positions in (first, second))
    splits = left["split"].where(left["split"] == right["split"], left["split"] + ", " + right["split"])
    cases = pd.DataFrame(
        {
            "images": left["image_id"] + ", " + right["image_id"],
            "bits": bits,
            "splits": splits,
            "species": left["scientificName"].where(
                left["scientificName"] == right["scientificName"],
                left["scientificName"] + ", " + right["scientificName"],
            ),
            "names": 1 + (left["scientificName"] != right["scientificName"]),
            "parts": 1 + ((left["split"] != right["split"]) & (left["split"] != "") & (right["split"] != "")),
        }
    )
    return _by_fault(cases, "near_identical", "pairs", "of images that look the same, ")


def _by_fault(cases: pd.DataFrame, key: str, unit: str, what: str) -> list[Finding]:
    """Findings by what is wrong with each case: two species, two splits, or only a repeat."""
    two_names, two_splits = cases["names"] > 1, cases["parts"] > 1
    plain = cases.drop(columns=["names", "parts"])
    kinds: list[tuple[str, Level, pd.Series, str, str, str]] = [
        (
            f"{key}_two_species",
            "warning",
            two_names,
            f"{what}under several species",
            "{images}: {species}",
            "find out which is right; training leaves both out" if key == "same_image" else "find out which is right",
        ),
        (f"split_leak_{key}", "warning", two_splits, f"{what}in several splits", "{images}: {splits}", _LEAK),
        (f"{key}_repeated", "note", ~two_names & ~two_splits, f"{what}in several rows", "{images}", ""),
    ]
    return [
        Finding(name, level, int(chosen.sum()), unit, words, plain[chosen].reset_index(drop=True), sample, remedy)
        for name, level, chosen, words, sample, remedy in kinds
        if chosen.any()
    ]


def _keys(specimens: pd.DataFrame, seen: pd.DataFrame) -> pd.Series:
    """What rows with the same image have in common: the hash of its file, else the table's hash, else its location."""
    published = specimens["hashFunction"] + ":" + specimens["hashValue"].str.lower()
    key = image_locations(specimens).mask(specimens["hashValue"] != "", published)
    sha256 = pd.Series(seen["sha256"].to_numpy(object), specimens.index)
    return key.mask(sha256 != "", sha256)


def _repeats(catalog: Catalog) -> list[Finding]:
    """Rows of the same or another table that list an image again."""
    changed = catalog.corrections
    rows = changed[(changed["term"] == "image_id") & changed["reason"].str.startswith(REPEAT)]
    if rows.empty:
        return []
    cases = pd.DataFrame({"image_id": rows["image_id"], "row": rows["verbatim"], "reason": rows["reason"]})
    return [
        Finding(
            "image_in_several_tables",
            "note",
            cases["image_id"].nunique(),
            "images",
            "listed again by another row or table",
            cases.reset_index(drop=True),
            "{image_id}: {row}",
            "each counts once",
        )
    ]


def _splits(rows: pd.DataFrame, key: str) -> pd.Series:
    """The splits of each key with their rows: "train 2, test 1"."""
    sizes = rows.groupby([key, rows["split"].replace("", "none")]).size().rename("n").reset_index()
    sizes = sizes.sort_values([key, "split"], ascending=[True, False])
    texts: pd.Series = (sizes["split"] + " " + sizes["n"].astype("str")).groupby(sizes[key]).agg(", ".join)
    return texts


def repeated_rows(catalog: Catalog) -> int:
    """How many rows repeat an image that another row has."""
    changed = catalog.corrections
    return int(np.count_nonzero((changed["term"] == "image_id") & changed["reason"].str.startswith(REPEAT)))
