"""`open_catalog`: one function for every kind of source."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pandas as pd

from finercam_core.catalog.assembly import Assembly
from finercam_core.catalog.catalog import Catalog
from finercam_core.catalog.curation import curate
from finercam_core.catalog.file_index import FileIndex
from finercam_core.catalog.readers.darwin_core import read_archive
from finercam_core.catalog.readers.frame import read_frame
from finercam_core.catalog.readers.manifest import read_with_manifest
from finercam_core.catalog.readers.named_files import guarded_address
from finercam_core.catalog.readers.packages.json_files import read_json
from finercam_core.catalog.readers.packed import read_packed_images
from finercam_core.catalog.readers.registry import read_folder_of_any_layout, read_remote
from finercam_core.catalog.readers.table import read_plain_table
from finercam_core.catalog.repairs import read_paths, with_paths
from finercam_core.catalog.source import CatalogSource
from finercam_core.catalog.split_file import read_splits, with_splits
from finercam_core.catalog.template import Template
from finercam_core.catalog.trait_labels import TraitLabels, read_trait_labels
from finercam_core.errors import CatalogError
from finercam_core.io.addresses import absolute, is_url, join
from finercam_core.io.tables import table_format


def open_catalog(
    source: str | Path | pd.DataFrame,
    *,
    root: str | Path | None = None,
    synonyms: str | Path | None = None,
    splits: str | Path | None = None,
    names: Literal["scientific", "verbatim"] | None = None,
) -> Catalog:
    """Open a collection.

    Parameters
    ----------
    source : str, Path or DataFrame
        A manifest (TOML); a table (CSV, TSV, Parquet, spreadsheets …; columns by their Darwin Core names or usual
        aliases); a Darwin Core Archive (zip or folder), as GBIF and iDigBio hand them out; COCO's JSON, a Camtrap data
        package, Croissant metadata; a zip or tar of images; or a folder: ``species/image.jpg``,
        ``train/species/image.jpg``, shards, iNaturalist's open data, Fish-Vista, CUB-200-2011, Birds-525, Stanford Cars
        or FGVC-Aircraft, known by their own files. Fish-Vista's hub address works as its folder does. The table of
        forms is in docs/catalogs.md. A DataFrame is read as a table of the same columns.
    root : str or Path, optional
        Folder or URL of the images instead of the one that the manifest names or the table lies in; of a DataFrame the
        current folder by default.
    synonyms : str or Path, optional
        Table of accepted names, see `finercam_core.taxonomy.synonyms.read_synonyms`; the manifest's by default.
    splits : str or Path, optional
        Table of the images' splits, see `finercam_core.catalog.split_file.read_splits`; the manifest's by default, ""
        for the splits that the tables themselves have.
    names : {"scientific", "verbatim"}, optional
        Whether the species have scientific names, which are cleaned, or any names, which are taken as they are written;
        the manifest's by default.

    Returns
    -------
    Catalog
        With every unusable row in `rejected` and every changed value in `corrections`.

    Raises
    ------
    CatalogError
        If nothing can be read, or not one row is usable.
    """
    place = None if root is None else str(root)
    read = read_frame(source, place) if isinstance(source, pd.DataFrame) else _read(str(source), place)
    location = read.name if isinstance(source, pd.DataFrame) else str(source)
    kind = names or read.names
    accepted = str(synonyms or read.synonyms)
    assembly = curate(read.tables, read.root, scientific=kind == "scientific", synonyms=accepted)
    split_table = read.splits if splits is None else str(splits)
    if split_table:
        assembly.specimens = with_splits(assembly.specimens, _read_splits(split_table))
    if read.paths:
        with_paths(assembly, read_paths(read.paths), read.paths)
    traits = _find_masks(assembly, read)
    rejected, corrections, spellings = assembly.tables()
    if assembly.specimens.empty:
        raise _nothing_usable(location, rejected)
    return Catalog(
        read.name,
        read.root,
        location,
        assembly.specimens,
        rejected,
        corrections,
        traits,
        kind,
        spellings,
        (*read.notices, *assembly.notices),
    )


def _read(location: str, root: str | None) -> CatalogSource:
    """Read a source by the reader for its ending, or for its files."""
    ending = location.lower()
    if ending.endswith(".toml"):
        return read_with_manifest(Path(location), root)
    if table_format(location):
        return read_plain_table(location, root)
    if ending.endswith((".json", ".jsonld")):
        source = read_json(location, "" if root is None else absolute(root))
    elif is_url(location):
        source = read_remote(location)
    elif Path(location).is_dir():
        source = read_folder_of_any_layout(Path(location))
    elif ending.endswith(".zip"):
        source = read_archive(Path(location))
    elif ending.endswith(".tar"):
        source = read_packed_images(Path(location).resolve())
    else:
        kinds = "a manifest, a table, a Darwin Core Archive, COCO's JSON, a zip or tar of images, or a folder of them"
        packed = ending.endswith((".tgz", ".tar.gz", ".tar.bz2", ".7z", ".rar"))
        remedy = "unpack it first, and give the folder" if packed else f"give {kinds}"
        raise CatalogError(f"{location} is {'an archive' if packed else 'not a catalog'}", remedy)
    return source if root is None else replace(source, root=absolute(root))


def _read_splits(location: str) -> pd.Series:
    if not is_url(location) and not Path(location).exists():
        raise CatalogError(
            f"the splits {location} do not exist", "make them: finercam catalog split CATALOG --out FILE"
        )
    return read_splits(location)


def _find_masks(assembly: Assembly, source: CatalogSource) -> TraitLabels | None:
    """Fill in the masks that exist beside the images, and read what their values mean."""
    masks = source.masks
    if masks is None or assembly.specimens.empty:
        return source.traits
    locations = Template(masks.path).fill(assembly.specimens, every=True)
    there = FileIndex(source.root).exist(locations)
    assembly.specimens["maskURI"] = locations.where(there, assembly.specimens["maskURI"])
    if not masks.labels:
        return source.traits if there.any() else None
    labels = guarded_address(masks.labels) if is_url(masks.labels) else join(source.root, masks.labels)
    return read_trait_labels(labels, masks.uberon)


def _nothing_usable(location: str, rejected: pd.DataFrame) -> CatalogError:
    first = "" if rejected.empty else f"; the first row was refused: {rejected['reason'].iloc[0]}"
    return CatalogError(f"{location} has no usable row{first}", "give a table with one row per image")
