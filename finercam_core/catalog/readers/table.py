"""A single CSV, TSV or Parquet table, its columns known by their Darwin Core names or the usual aliases."""

import re
from pathlib import Path

from finercam_core.catalog.column_choice import choose_columns
from finercam_core.catalog.columns import split_name
from finercam_core.catalog.source import CatalogSource, MappedTable
from finercam_core.errors import CatalogError
from finercam_core.io.addresses import absolute, is_url
from finercam_core.io.raw_tables import RawTable
from finercam_core.io.tables import read_table

_SHARD = re.compile(r"^(\w+?)-\d{3,}(?:-of-\d{3,})?\.")
_LOOKED_AT = 1000


def read_plain_table(location: str, root: str | None = None) -> CatalogSource:
    """Read a table; its images lie beside it unless `root` is given."""
    raw = read_table(location)
    folder = location.rsplit("/", 1)[0] if is_url(location) else str(Path(location).parent)
    return table_source(raw, Path(location).stem, absolute(root or folder), location, split_of_shard(location))


def split_of_shard(location: str) -> str:
    """The split that a part of a data set has in its name, as `train-00000-of-00002.parquet`; else ""."""
    match = _SHARD.search(location.replace("\\", "/").rsplit("/", 1)[-1])
    return (split_name(match[1]) or "") if match else ""


def table_source(raw: RawTable, name: str, root: str, location: str, split: str = "") -> CatalogSource:
    """A table whose columns are recognised by their names, all of its rows of one split unless a column tells it.

    Raises
    ------
    CatalogError
        No column names the species, or none the image.
    """
    columns = choose_columns(raw, root)
    named = "scientificName" in columns or {"genus", "specificEpithet"} <= columns.keys()
    if not named or not {"path", "accessURI"} & columns.keys():
        present = ", ".join(map(str, raw.frame.columns))
        problem = f"{location} has no column for the species or the image; it has {present}"
        raise CatalogError(problem, _hint({str(column).lower() for column in raw.frame.columns}))
    expect_names(raw, columns, location)
    return CatalogSource(name, root, [MappedTable(raw, columns, {}, "" if "split" in columns else split)])


def _hint(columns: set[str]) -> str:
    """What to do about a table that names no images, by its columns."""
    if {"gbifid", "mediatype"} <= columns:
        return "choose GBIF's Darwin Core Archive instead of its simple table: only that lists the images"
    if {"processid", "chunk", "dna_barcode"} <= columns:
        return "BIOSCAN-5M's images are named by folder and processid: use catalogs/bioscan-5m.toml"
    if {"uuid", "resolution_status"} <= columns or {"treeoflife_id"} <= columns:
        return "TreeOfLife's catalog names no images: give its tar shards, or join it with the table of source_url"
    return "name them scientificName and path, or write a manifest"


def expect_names(raw: RawTable, columns: dict[str, list[str]], location: str) -> None:
    """Refuse a table whose labels are numbers alone: nobody can tell which species they are."""
    for column in columns.get("scientificName", []):
        values = raw.frame[column].str.strip()
        values = values[values != ""]
        if len(values) and values.head(_LOOKED_AT).str.fullmatch(r"-?\d+(?:\.0)?").all():
            problem = (
                f"{location} has numbers in the column {column!r}, such as {values.iloc[0]}, and no names of species"
            )
            raise CatalogError(problem, "add a column scientificName with the names of the numbers")
