"""JSON files: told apart by what is in them, and each given to its reader."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from finercam_core.catalog.readers.croissant import read_croissant
from finercam_core.catalog.readers.lists import numbered
from finercam_core.catalog.readers.packages.camtrap import read_camtrap
from finercam_core.catalog.readers.packages.coco import read_coco
from finercam_core.catalog.readers.table import table_source
from finercam_core.catalog.source import CatalogSource
from finercam_core.errors import CatalogError
from finercam_core.io.addresses import absolute, is_url
from finercam_core.io.faults import first_line
from finercam_core.io.other_tables import cell_text
from finercam_core.io.tables import open_binary

PACKAGE = "datapackage.json"


def read_json(location: str, root: str = "") -> CatalogSource:
    """Read a JSON file: COCO's annotations, a Camtrap data package, Croissant metadata, or a list of rows.

    Parameters
    ----------
    location : str
        Path or URL; relative paths in it start from its folder.
    root : str
        Folder or URL of the images, where it is another.

    Raises
    ------
    CatalogError
        It is not JSON, or of no form that holds images of species; the form is named where it is known.
    """
    with open_binary(location) as file:
        content = file.read()
    try:
        value = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        problem = f"{location} is not valid JSON: {first_line(error)}"
        raise CatalogError(problem, "save it again; for one object per line, name it .jsonl") from error
    folder = location.rsplit("/", 1)[0] if is_url(location) else str(Path(location).resolve().parent)
    if isinstance(value, dict) and "@context" in value:
        return read_croissant(location)
    if isinstance(value, dict) and isinstance(value.get("resources"), list):
        return _read_package(value, folder, location)
    if isinstance(value, dict) and isinstance(value.get("images"), list):
        return read_coco(value, root or folder, location, elsewhere=not root)
    frame = _rows(value)
    if frame is None:
        remedy = "give Croissant metadata, COCO's annotations, a Camtrap data package, or a list of rows"
        raise CatalogError(f"{location} is JSON that describes no images", remedy)
    return table_source(numbered(Path(location).name, frame), Path(location).stem, absolute(folder), location)


def _read_package(package: dict[str, Any], folder: str, location: str) -> CatalogSource:
    """A data package: Camtrap DP is read, and others are named."""
    profile = f"{package.get('profile', '')} {package.get('$schema', '')}".lower()
    names = {str(resource.get("name", "")) for resource in package["resources"] if isinstance(resource, dict)}
    if "camtrap" in profile or {"media", "observations"} <= names:
        return read_camtrap(package, folder, location)
    if "dwc-dp" in profile or "darwin-core" in profile or "occurrence" in names:
        problem = f"{location} is a Darwin Core Data Package, whose form is not settled yet"
        raise CatalogError(problem, "join its tables of occurrences and media into one, and give that")
    said = ", ".join(sorted(names)) or "none"
    raise CatalogError(f"{location} is a data package of the tables {said}", "give its table of images, or a manifest")


def _rows(value: object) -> pd.DataFrame | None:
    """Rows as text: of a list of objects, or of an object of columns, as pandas writes it."""
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        return pd.DataFrame([_texts(row) for row in value], dtype="str").fillna("")
    columns = list(value.values()) if isinstance(value, dict) else []
    if columns and all(isinstance(c, dict) and c.keys() == columns[0].keys() for c in columns):
        return pd.DataFrame({str(k): list(_texts(c).values()) for k, c in value.items()}, dtype="str")  # type: ignore[attr-defined]
    return None


def _texts(row: dict[str, object]) -> dict[str, str]:
    return {str(key): "" if isinstance(cell, dict) else cell_text(cell) for key, cell in row.items()}
