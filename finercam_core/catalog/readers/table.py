"""A single CSV, TSV or Parquet table, its columns known by their Darwin Core names or the usual aliases."""

from pathlib import Path

from finercam_core.catalog.column_choice import choose_columns
from finercam_core.catalog.source import CatalogSource, MappedTable
from finercam_core.errors import CatalogError
from finercam_core.io.addresses import absolute, is_url
from finercam_core.io.raw_tables import RawTable
from finercam_core.io.tables import read_table


def read_plain_table(location: str, root: str | None = None) -> CatalogSource:
    """Read a table; its images lie beside it unless `root` is given."""
    raw = read_table(location)
    folder = location.rsplit("/", 1)[0] if is_url(location) else str(Path(location).parent)
    return table_source(raw, Path(location).stem, absolute(root or folder), location)


def table_source(raw: RawTable, name: str, root: str, location: str) -> CatalogSource:
    """A table whose columns are recognised by their names.

    Raises
    ------
    CatalogError
        No column names the species, or none the image.
    """
    columns = choose_columns(raw, root)
    named = "scientificName" in columns or {"genus", "specificEpithet"} <= columns.keys()
    if not named or not {"path", "accessURI"} & columns.keys():
        present = ", ".join(map(str, raw.frame.columns))
        hint = "name them scientificName and path, or write a manifest"
        if {"gbifid", "mediatype"} <= {str(c).lower() for c in raw.frame.columns}:
            hint = "choose GBIF's Darwin Core Archive instead of its simple table: only that lists the images"
        raise CatalogError(f"{location} has no column for the species or the image; it has {present}", hint)
    return CatalogSource(name, root, [MappedTable(raw, columns)])
