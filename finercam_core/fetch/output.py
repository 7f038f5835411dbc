"""The catalog of what was fetched, for all other commands."""

from pathlib import Path
from typing import Any

import pandas as pd
import tomli_w

from finercam_core.catalog import TERMS, Catalog
from finercam_core.catalog.manifest import read_manifest
from finercam_core.fetch.records import KEY
from finercam_core.io.addresses import is_url
from finercam_core.io.files import Files

MANIFEST, TABLE, LABELS = "catalog.toml", "catalog.parquet", "trait_labels.json"


def write_catalog(files: Files, catalog: Catalog, wanted: pd.DataFrame, results: pd.DataFrame) -> int:
    """Write the manifest and the table of the specimens whose image is there.

    Every column of the source is kept (licence, rights holder, split, …); `path` and `maskURI` are the files in the
    target folder, `accessURI` is where the image came from, and the checksum is the SHA-256 of the stored file.

    Returns
    -------
    int, the number of specimens in the new catalog.
    """
    table = fetched_specimens(catalog, wanted, results)
    if table.empty:
        for name in (MANIFEST, TABLE, LABELS):
            files.remove(name)
        return 0
    files.write_table(TABLE, table)
    if catalog.traits is not None:
        files.write_json(LABELS, {str(i): name for i, name in catalog.traits.names.items()})
    files.write(MANIFEST, tomli_w.dumps(_manifest(catalog)).encode())
    return len(table)


def fetched_specimens(catalog: Catalog, wanted: pd.DataFrame, results: pd.DataFrame) -> pd.DataFrame:
    """Canonical columns of the specimens whose image is there, with the paths of their files."""
    good = results.loc[results["path"] != "", [*KEY, "path", "sha256"]]
    placed = wanted[["image_id", *KEY]].merge(good, on=KEY)
    images = placed[placed["what"] == "image"].set_index("image_id")
    masks = placed[placed["what"] == "mask"].set_index("image_id")["path"]
    table = catalog.specimens[catalog.specimens["image_id"].isin(images.index)]
    fetched = images.loc[table["image_id"]].set_axis(table.index)
    remote = fetched["uri"].map(is_url).astype(bool)
    return table.assign(
        path=fetched["path"], accessURI=fetched["uri"].where(remote, table["accessURI"]),
        hashFunction="sha256", hashValue=fetched["sha256"],
        maskURI=masks.reindex(table["image_id"], fill_value="").set_axis(table.index).astype("str"),
    )[list(TERMS)].reset_index(drop=True)  # fmt: skip


def _manifest(catalog: Catalog) -> dict[str, Any]:
    about = {"name": catalog.name, "description": f"fetched from {catalog.source}", "names": catalog.names}
    if catalog.source.endswith(".toml"):
        about |= {"citation": read_manifest(Path(catalog.source)).collection.citation}
    manifest: dict[str, Any] = {
        "collection": {key: value for key, value in about.items() if value},
        "tables": [{"path": TABLE}],
        "columns": {term: term for term in TERMS},
    }
    if catalog.traits is not None:
        names = catalog.traits.names
        uberon = {names[i]: term for i, term in catalog.traits.uberon.items()}
        manifest["masks"] = {"path": "{maskURI}", "labels": LABELS, "uberon": uberon}
    return manifest
