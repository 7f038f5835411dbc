"""Images in folders: `species/image.jpg`, or `train/species/image.jpg` as Birds-525 and many others have them."""

from pathlib import Path

import pandas as pd

from finercam_core.catalog.columns import split_name
from finercam_core.catalog.readers.lists import numbered
from finercam_core.catalog.source import CatalogSource, MappedTable
from finercam_core.errors import CatalogError
from finercam_core.io.tables import read_table

IMAGES = frozenset((".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp"))
BIRDS = "birds.csv"


def read_folder(folder: Path) -> CatalogSource:
    """Read images in one folder per species, named with underscores for spaces; or such folders in train, val and test.

    Raises
    ------
    CatalogError
        The folder cannot be listed, or holds no images in this way.
    """
    try:
        splits = [path for path in sorted(folder.iterdir()) if path.is_dir() and split_name(path.name)]
        files = [file for split in splits for file in sorted(split.glob("*/*"))] or sorted(folder.glob("*/*"))
    except OSError as error:
        raise CatalogError(f"{folder} cannot be listed: {error.strerror}", "correct its permissions") from error
    files = [path for path in files if path.suffix.lower() in IMAGES and path.is_file()]
    if not files:
        raise CatalogError(f"{folder} has no images in folders of species", "give species/image.jpg, or a table")
    cells = {
        "path": [path.relative_to(folder).as_posix() for path in files],
        "species": [path.parent.name for path in files],
        "split": [path.parent.parent.name if splits else "" for path in files],
    }
    columns = {"path": ["path"], "scientificName": ["{species:words}"], "split": ["split"]}
    raw = numbered(folder.name, pd.DataFrame(cells, dtype="str"))
    return CatalogSource(folder.name, str(folder), [MappedTable(raw, columns)])


def read_birds(folder: Path) -> CatalogSource:
    """Birds-525: folders of splits and common names, with `birds.csv` that gives the scientific names.

    The common name is the vernacular name; where the table has no scientific names, it is also the class.
    """
    raw = read_table(str(folder / BIRDS))
    names = {str(column).strip().lower(): str(column) for column in raw.frame.columns}
    missing = [name for name in ("filepaths", "labels") if name not in names]
    if missing:
        raise CatalogError(f"{folder / BIRDS} has no column {' or '.join(missing)}", "fetch the data set again")
    common_name = f"{{{names['labels']}:capitalize}}"
    columns = {"path": [names["filepaths"]], "vernacularName": [common_name], "scientificName": [common_name]}
    scientific = "scientific name" in names
    if scientific:
        columns["scientificName"] = [names["scientific name"], common_name]
    if "data set" in names:
        columns["split"] = [names["data set"]]
    kind = "scientific" if scientific else "verbatim"
    return CatalogSource(folder.name, str(folder), [MappedTable(raw, columns)], names=kind)
