"""iNaturalist's open data: tables of observations, photos and taxa in one folder, joined by their ids."""

from pathlib import Path

import pandas as pd

from finercam_core.catalog.readers.repeated_ids import first_rows
from finercam_core.catalog.source import CatalogSource, MappedTable
from finercam_core.errors import CatalogError, counted
from finercam_core.io.raw_tables import Notice, RawTable
from finercam_core.io.tables import read_table

_TABLES = {
    "photos": ("photo_id", "observation_uuid", "extension", "license"),
    "observations": ("observation_uuid", "taxon_id"),
    "taxa": ("taxon_id", "ancestry", "rank", "name"),
}
# The largest side is 1,024 pixels; `original` would be larger than any model's input.
_ADDRESS = "https://inaturalist-open-data.s3.amazonaws.com/photos/{id}/large.{ending}"
_RANKS = ("kingdom", "order", "family", "genus")
_COLUMNS = {
    "image_id": ["photo_id"],
    "accessURI": ["address"],
    "scientificName": ["name"],
    "taxonRank": ["rank"],
    "family": ["family"],
    "order": ["order"],
    "license": ["license"],
    "group_id": ["observation_uuid"],
}


def open_data_tables(folder: Path) -> dict[str, Path]:
    """The three tables, `photos.csv.gz` and so on; {} if the folder lacks one."""
    found = {name: [p for p in (folder / f"{name}.csv.gz", folder / f"{name}.csv") if p.is_file()] for name in _TABLES}
    return {name: paths[0] for name, paths in found.items()} if all(found.values()) else {}


def read_open_data(folder: Path) -> CatalogSource:
    """Read iNaturalist's open data, one row per photo; photos without an observation or a taxon are set aside by name.

    So are photos whose observation or taxon stands there several times and differently.

    Raises
    ------
    CatalogError
        A table cannot be read or lacks a column.
    """
    tables = {name: read_table(str(path)) for name, path in open_data_tables(folder).items()}
    for name, columns in _TABLES.items():
        missing = [column for column in columns if column not in tables[name].frame]
        if missing:
            raise CatalogError(f"{tables[name].name} has no column {', '.join(missing)}", "take it from the open data")
    photos = tables["photos"]
    taxa, taxa_notices, unclear_taxa = first_rows(tables["taxa"], "taxon_id", _TABLES["taxa"])
    observed, observed_notices, unclear = first_rows(tables["observations"], "observation_uuid", ["taxon_id"])
    taxa = _with_ranks(taxa)
    frame = photos.frame
    taxon = frame["observation_uuid"].map(observed["taxon_id"])
    reasons = pd.Series("", index=frame.index, dtype="str")
    reasons = reasons.mask(~taxon.isin(taxa.index), "no taxon has the id " + taxon.fillna("").astype("str"))
    reasons = reasons.mask(taxon.isin(unclear_taxa), "the rows of the taxon " + taxon + " contradict each other")
    reasons = reasons.mask(taxon == "", "its observation has no taxon")
    reasons = reasons.mask(taxon.isna(), "no observation has the id " + frame["observation_uuid"])
    reasons = reasons.mask(frame["observation_uuid"].isin(unclear), "the rows of its observation name several taxa")
    kept = frame[reasons == ""]
    rows = taxa.loc[taxon[kept.index]].set_axis(kept.index)
    pairs = zip(kept["photo_id"], kept["extension"], strict=True)
    addresses = [_ADDRESS.format(id=number, ending=ending) for number, ending in pairs]
    joined = pd.concat([kept, rows], axis=1).assign(address=pd.Series(addresses, index=kept.index, dtype="str"))
    broken = [*photos.broken, *((int(i), reason) for i, reason in reasons.items() if reason)]
    notices = [*photos.notices, *_unread(tables), *observed_notices, *taxa_notices]
    raw = RawTable(photos.name, joined, broken, notices)
    return CatalogSource(folder.name, str(folder), [MappedTable(raw, _COLUMNS)])


def _unread(tables: dict[str, RawTable]) -> list[Notice]:
    """Rows of the other tables that could not be read; they are no images."""
    lost = {name: len(table.broken) for name, table in tables.items() if name != "photos" and table.broken}
    return [
        Notice("table_form", tables[n].name, 1, f"{counted(k, 'row')} that cannot be read") for n, k in lost.items()
    ]


def _with_ranks(taxa: pd.DataFrame) -> pd.DataFrame:
    """Taxa with the names of their order, family … from the ids of their ancestors: `48460/1/2/355675`."""
    ranked = {rank: taxa.loc[taxa["rank"] == rank, "name"].to_dict() for rank in _RANKS}
    lineages = taxa["ancestry"].str.split("/")
    for rank, names in ranked.items():
        taxa = taxa.assign(**{rank: [next((names[i] for i in ids if i in names), "") for ids in lineages]})
    return taxa
