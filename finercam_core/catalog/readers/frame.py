"""A pandas table that a program holds, its columns known by their names as those of a file's table are."""

import hashlib
import os
from pathlib import Path

import pandas as pd

from finercam_core.catalog.readers.table import table_source
from finercam_core.catalog.source import CatalogSource
from finercam_core.errors import CatalogError
from finercam_core.io.addresses import absolute
from finercam_core.io.raw_tables import RawTable, numbered_rows


def read_frame(frame: pd.DataFrame, root: str | None = None) -> CatalogSource:
    """Read a pandas table.

    Without `root` its images lie in the current folder or, where their paths are whole, in the folder that all share.

    The catalog's source is ``DataFrame-`` and the first digits of the SHA-256 of its text, so that a store says which
    table it was made of.

    Raises
    ------
    CatalogError
        If it is empty, two columns have one name, or none names the species or the image.
    """
    names = [str(name) for name in frame.columns]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise CatalogError(f"the DataFrame has the column {repeated!r} twice", "rename one of them")
    if frame.empty:
        raise CatalogError("the DataFrame is empty", "give one with a row per image")
    text = pd.DataFrame({str(name): _text(frame[name]) for name in frame.columns})
    digest = hashlib.sha256(text.to_csv(index=False).encode()).hexdigest()[:12]
    name = f"DataFrame-{digest}"
    rows = numbered_rows(text)
    place = root or _shared_folder(rows) or str(Path.cwd())
    return table_source(RawTable(name, rows), name, absolute(place), name)


def _shared_folder(text: pd.DataFrame) -> str:
    """The folder that all files share whose whole paths a column holds; "" where none holds such."""
    for name in text.columns:
        paths = [value for value in text[name].unique() if value]
        if paths and all(Path(value).is_absolute() for value in paths):
            try:
                return os.path.commonpath([Path(value).parent for value in paths])
            except ValueError:  # on several drives of Windows
                return ""
    return ""


def _text(column: pd.Series) -> pd.Series:
    """Cells as a file would have them; "" where they are missing."""
    return column.astype("object").map(str).where(column.notna(), "").astype("str")
