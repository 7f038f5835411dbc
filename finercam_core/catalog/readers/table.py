"""A single CSV, TSV or Parquet table, its columns known by their Darwin Core names or the usual aliases."""

from pathlib import Path

from finercam_core.catalog.columns import guess_columns
from finercam_core.catalog.source import Part, Source
from finercam_core.errors import CatalogError
from finercam_core.io.addresses import is_url
from finercam_core.io.tables import RawTable, read_table


def read_plain(location: str, root: str | None = None) -> Source:
    """Read a table; images lie beside it unless `root` is given."""
    raw = read_table(location)
    folder = location.rsplit("/", 1)[0] if is_url(location) else str(Path(location).parent)
    base = root or folder
    return table_source(raw, Path(location).stem, base if is_url(base) else str(Path(base).resolve()), location)


def table_source(raw: RawTable, name: str, root: str, location: str) -> Source:
    """A table with guessed columns; raises `CatalogError` if it has none for the species or the image."""
    columns = guess_columns(raw.frame.columns)
    if "scientificName" not in columns or not {"path", "accessURI"} & columns.keys():
        given = ", ".join(map(str, raw.frame.columns))
        hint = "name them scientificName and path, or write a manifest"
        if {"gbifid", "mediatype"} <= {str(c).lower() for c in raw.frame.columns}:
            hint = "choose GBIF's Darwin Core Archive instead of its simple table: only that lists the images"
        raise CatalogError(f"{location} has no column for the species or the image; it has {given}", hint)
    return Source(name, root, [Part(raw, {term: [source] for term, source in columns.items()})])
