"""Findings about rows and files that cannot be used."""

import pandas as pd

from finercam_core.catalog.catalog import Catalog
from finercam_core.catalog.check.findings import Finding, tally
from finercam_core.catalog.columns import image_locations
from finercam_core.catalog.file_index import FileIndex
from finercam_core.catalog.repairs import find_repairs
from finercam_core.io.addresses import is_url
from finercam_core.status import Status

_NOT_FAULTS = ("", Status.DONE.name)


def file_findings(catalog: Catalog, seen: pd.DataFrame) -> list[Finding]:
    """Rejected rows, missing and unreadable images and masks, locations that are never opened, values left out."""
    findings = [
        _rejected(catalog),
        _never_opened(catalog),
        *_images(catalog, seen),
        _found_elsewhere(catalog, seen),
        _stretched(catalog, seen),
        _masks(catalog, seen),
        _values(catalog),
    ]
    return [finding for finding in findings if finding is not None]


def _rejected(catalog: Catalog) -> Finding | None:
    rows = catalog.rejected.sort_values(["table", "row"], kind="stable").reset_index(drop=True)
    if rows.empty:
        return None
    return Finding(
        "rejected_rows", "error", len(rows), "rows", "rejected", rows, "{table} row {row}: {reason}", "fix the table"
    )


def _never_opened(catalog: Catalog) -> Finding | None:
    table = catalog.specimens[catalog.specimens["fault"] != ""]
    if table.empty:
        return None
    cases = pd.DataFrame({"image_id": table["image_id"], "place": image_locations(table), "fault": table["fault"]})
    return Finding(
        "never_opened",
        "error",
        len(cases),
        "images",
        "outside the collection, never opened",
        cases.reset_index(drop=True),
        "{place!r}",
        "correct the paths",
    )


def _images(catalog: Catalog, seen: pd.DataFrame) -> list[Finding]:
    """Images that are missing, and images that cannot be opened."""
    table = catalog.specimens[["image_id", "path"]].assign(status=seen["status"], detail=seen["detail"])
    bad = table[~table["status"].isin(_NOT_FAULTS)]
    missing = bad[bad["status"] == Status.MISSING.name]
    broken = bad.drop(missing.index)
    findings = []
    if len(missing):
        findings.append(
            Finding(
                "missing_files",
                "error",
                len(missing),
                "images",
                "missing",
                missing[["image_id", "path"]].reset_index(drop=True),
                "{path}",
                "fetch the collection, or correct the paths or --root",
            )
        )
    if len(broken):
        causes = tally(broken["status"].map(lambda name: f"{Status[name].sentence}:"))
        findings.append(
            Finding(
                "unreadable_images",
                "error",
                len(broken),
                "images",
                f"unusable ({causes})",
                broken.reset_index(drop=True),
                "{path}",
                "fetch them again, or leave them out",
            )
        )
    return findings


def _found_elsewhere(catalog: Catalog, seen: pd.DataFrame) -> Finding | None:
    """Files of missing images that are there under another name; none is taken for them before that is asked for."""
    table = catalog.specimens
    lost = (seen["status"] == Status.MISSING.name) | (table["fault"] == Status.OUTSIDE_COLLECTION.name)
    missing = table.loc[lost & (table["path"] != ""), "path"].tolist()
    repairs = find_repairs(catalog.root, missing, set(table["path"]))
    repairable = frozenset(repairs.table["path"])
    count = sum(path in repairable for path in missing)
    if not count:
        return None
    where = f" below {repairs.root}" if repairs.root != catalog.root else ""
    return Finding(
        "paths_repairable",
        "warning",
        count,
        "images",
        f"not at their paths, with a file of another name{where}",
        repairs.table,
        "{path} → {found} ({reason})",
        "look at them, then write them into a manifest: finercam catalog check CATALOG --fix-paths",
        repairs.root,
    )


def _stretched(catalog: Catalog, seen: pd.DataFrame) -> Finding | None:
    """Images whose tones were stretched, as nothing says which of their values is white."""
    table = catalog.specimens[["image_id", "path"]].assign(status=seen["status"], note=seen["detail"])
    cases = table[(table["status"] == Status.DONE.name) & (table["note"] != "")].drop(columns="status")
    if cases.empty:
        return None
    return Finding(
        "stretched_tones",
        "note",
        len(cases),
        "images",
        "brightened to the range of their sensor",
        cases.reset_index(drop=True),
        "{path}: {note}",
        "where one is dark on purpose, save it with 8 bits a sample, or as PNG",
    )


def _masks(catalog: Catalog, seen: pd.DataFrame) -> Finding | None:
    """Masks that the tables name but that are missing, if the images were looked for."""
    table = catalog.specimens
    named = table[(table["maskURI"] != "") & ~table["maskURI"].map(is_url).astype(bool)]
    if named.empty or not (seen["status"] != "").any():
        return None
    missing = named.loc[~FileIndex(catalog.root).exist(named["maskURI"]), ["image_id", "maskURI"]]
    if missing.empty:
        return None
    return Finding(
        "missing_masks",
        "error",
        len(missing),
        "masks",
        "missing",
        missing.reset_index(drop=True),
        "{maskURI}",
        "fetch the collection, or correct the paths",
    )


def _values(catalog: Catalog) -> Finding | None:
    """Values that do not fit their column and were left out."""
    changed = catalog.corrections
    cases = changed[
        changed["term"].isin(["hashFunction", "hashValue", "boundingBox", "maskURI", "split"])
        & (changed["value"] == "")
    ]
    if cases.empty:
        return None
    what = f"left out, unfit for their column ({tally(cases['term'])})"
    return Finding(
        "values_left_out",
        "warning",
        len(cases),
        "values",
        what,
        cases.drop(columns="value").reset_index(drop=True),
        "{image_id}: {term} {verbatim!r}, {reason}",
        "they count as unknown",
    )
