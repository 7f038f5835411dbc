"""A single CSV, TSV or Parquet table, its columns known by their Darwin Core names or the usual aliases."""

from pathlib import Path

from finercam_core.catalog.columns import guess_columns
from finercam_core.catalog.source import CatalogSource, MappedTable
from finercam_core.errors import CatalogError
from finercam_core.io.addresses import absolute, is_url
from finercam_core.io.tables import RawTable, read_table


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
    columns = guess_columns(raw.frame.columns)
    if "scientificName" not in columns or not {"path", "accessURI"} & columns.keys():
        present = ", ".join(map(str, raw.frame.columns))
        hint = "name them scientificName and path, or write a manifest"
        if {"gbifid", "mediatype"} <= {str(c).lower() for c in raw.frame.columns}:
            hint = "choose GBIF's Darwin Core Archive instead of its simple table: only that lists the images"
        raise CatalogError(f"{location} has no column for the species or the image; it has {present}", hint)
    return CatalogSource(name, root, [MappedTable(raw, {term: [source] for term, source in columns.items()})])
