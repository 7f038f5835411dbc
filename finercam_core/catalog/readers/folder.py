"""Images in folders: `species/image.jpg`, or `train/species/image.jpg` as Birds-525 and many others have them."""

from pathlib import Path

import pandas as pd

from finercam_core.catalog.columns import split_name
from finercam_core.catalog.source import Part, Source
from finercam_core.errors import CatalogError
from finercam_core.io.tables import RawTable, read_table

IMAGES = frozenset((".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp"))
BIRDS = "birds.csv"


def read_folder(folder: Path) -> Source:
    """Each subfolder is a species, named with underscores for spaces; folders named train, val and test hold more."""
    try:
        splits = [part for part in sorted(folder.iterdir()) if part.is_dir() and split_name(part.name)]
        files = [path for part in splits for path in sorted(part.glob("*/*"))] or sorted(folder.glob("*/*"))
    except OSError as error:
        raise CatalogError(f"{folder} cannot be listed: {error.strerror}", "correct its permissions") from error
    files = [path for path in files if path.suffix.lower() in IMAGES and path.is_file()]
    if not files:
        raise CatalogError(f"{folder} has no images in folders of species", "give species/image.jpg, or a table")
    paths = [path.relative_to(folder).as_posix() for path in files]
    table = {"path": paths, "species": [path.parent.name for path in files]}
    table["split"] = [path.parent.parent.name if splits else "" for path in files]
    frame = pd.DataFrame(table, dtype="str").set_axis(pd.RangeIndex(1, len(files) + 1))
    columns = {"path": ["path"], "scientificName": ["{species:words}"], "split": ["split"]}
    return Source(folder.name, str(folder), [Part(RawTable(folder.name, frame), columns)])


def read_birds(folder: Path) -> Source:
    """Birds-525: folders of splits and common names, with `birds.csv` that gives the scientific names.

    The common name is the vernacular name; where the table has no scientific names, it is the class as it stands.
    """
    raw = read_table(str(folder / BIRDS))
    named = {str(column).strip().lower(): str(column) for column in raw.frame.columns}
    missing = [name for name in ("filepaths", "labels") if name not in named]
    if missing:
        raise CatalogError(f"{folder / BIRDS} has no column {' or '.join(missing)}", "fetch the data set again")
    columns = {"path": [named["filepaths"]], "vernacularName": [f"{{{named['labels']}:capitalize}}"]}
    columns["scientificName"] = [f"{{{named['labels']}:capitalize}}"]
    if "scientific name" in named:
        columns["scientificName"] = [named["scientific name"], *columns["scientificName"]]
    if "data set" in named:
        columns["split"] = [named["data set"]]
    return Source(folder.name, str(folder), [Part(raw, columns)], names=_kind(named))


def _kind(named: dict[str, str]) -> str:
    return "scientific" if "scientific name" in named else "verbatim"
