"""Which files a catalog needs: one row per specimen and file, with the checksum that its content must have."""

import pandas as pd

from finercam_core.catalog import Catalog
from finercam_core.catalog.columns import image_locations
from finercam_core.catalog.file_index import FileIndex
from finercam_core.fetch.checksums import function_name
from finercam_core.fetch.reasons import Reason
from finercam_core.io.addresses import is_url, join, url_faults


def wanted(catalog: Catalog) -> pd.DataFrame:
    """Files that a catalog needs.

    Returns
    -------
    DataFrame
        One row per specimen and file: image_id, scientificName, the columns of `records.KEY`, `fault` ("" or the
        `Reason` for which the file is never requested), and `unchecked` (a checksum is given that cannot be checked).
    """
    return pd.concat([_images(catalog), _masks(catalog)], ignore_index=True)


def _images(catalog: Catalog) -> pd.DataFrame:
    table = catalog.specimens
    uris = _image_uris(catalog)
    functions = [function_name(*pair) for pair in zip(table["hashFunction"], table["hashValue"], strict=True)]
    function = pd.Series(functions, index=table.index, dtype="str")
    known = function != ""
    # A row without a usable file keeps its text, for the log.
    fault = table["fault"].where(table["fault"] == "", _reason_of(table["fault"]))
    return pd.DataFrame({
        "image_id": table["image_id"], "scientificName": table["scientificName"], "what": "image", "uri": uris,
        "hashFunction": function, "hashValue": table["hashValue"].str.strip().str.lower().where(known, ""),
        "fault": fault, "unchecked": (table["hashValue"] != "") & ~known,
    })  # fmt: skip


def _reason_of(faults: pd.Series) -> pd.Series:
    names = set(Reason)
    return faults.map(lambda name: name if name in names else Reason.NOT_ALLOWED.value)


def _image_uris(catalog: Catalog) -> list[str]:
    """The path; the address where there is no path, or no local file at that path."""
    table = catalog.specimens
    locations = image_locations(table)
    both = (table["path"] != "") & (table["accessURI"] != "") & (table["fault"] == "")
    if both.any() and not is_url(catalog.root):
        there = FileIndex(catalog.root).exist(table.loc[both, "path"])
        safe = url_faults(table.loc[both, "accessURI"]) == ""
        locations = locations.mask((~there & safe).reindex(table.index, fill_value=False), table["accessURI"])
    return [join(catalog.root, location) for location in locations]


def _masks(catalog: Catalog) -> pd.DataFrame:
    table = catalog.specimens[catalog.specimens["maskURI"] != ""]
    uris = pd.Series([join(catalog.root, location) for location in table["maskURI"]], index=table.index, dtype="str")
    blank = pd.Series("", index=table.index, dtype="str")
    return pd.DataFrame({
        "image_id": table["image_id"], "scientificName": table["scientificName"], "what": "mask", "uri": uris,
        "hashFunction": blank, "hashValue": blank, "fault": blank, "unchecked": False,
    })  # fmt: skip
