"""`open_catalog`: one function for every kind of source."""

from pathlib import Path

import pandas as pd

from finercam_core.catalog.assembly import Assembly, assemble, canonical
from finercam_core.catalog.catalog import Catalog
from finercam_core.catalog.listing import Listing
from finercam_core.catalog.manifest import Masks
from finercam_core.catalog.readers.registry import read_source
from finercam_core.catalog.source import Source
from finercam_core.catalog.split_file import read_splits, with_splits
from finercam_core.catalog.template import Template
from finercam_core.catalog.trait_labels import TraitLabels, read_trait_labels
from finercam_core.errors import CatalogError
from finercam_core.io.addresses import is_url, join
from finercam_core.io.tables import RawTable


def open_catalog(
    source: str | Path,
    *,
    root: str | Path | None = None,
    synonyms: str | Path | None = None,
    splits: str | Path | None = None,
) -> Catalog:
    """Open a collection.

    Parameters
    ----------
    source : str or Path
        A manifest (TOML); a table (CSV, TSV, Parquet; columns by their Darwin Core names or usual aliases); a Darwin
        Core Archive (zip or folder), as GBIF and iDigBio hand them out; Croissant metadata (JSON-LD); or a folder:
        ``species/image.jpg``, ``train/species/image.jpg``, Fish-Vista, CUB-200-2011, Birds-525, Stanford Cars or
        FGVC-Aircraft, known by their own files. Fish-Vista's hub address works as its folder does.
    root : str or Path, optional
        Folder or URL of the images instead of the one that the manifest names or the table lies in.
    synonyms : str or Path, optional
        Table of accepted names, see `finercam_core.taxonomy.synonyms.read_synonyms`; the manifest's by default.
    splits : str or Path, optional
        Table of the images' splits, see `finercam_core.catalog.split_file.read_splits`; the manifest's by default, ""
        for the splits that the tables themselves have.

    Returns
    -------
    Catalog
        With every bad row in `rejected` and every changed value in `corrections`.

    Raises
    ------
    CatalogError
        If nothing can be read, or not one row is usable.
    """
    text = str(source)
    read = read_source(text, None if root is None else str(root))
    found = _assembled(read, str(synonyms or read.synonyms), read.splits if splits is None else str(splits))
    if found.specimens.empty:
        _refuse(text, found)
    return found.catalog(text)


def _refuse(text: str, found: "_Found") -> None:
    refused = found.tables()[0]
    first = "" if refused.empty else f"; the first row was refused: {refused['reason'].iloc[0]}"
    raise CatalogError(f"{text} has no usable row{first}", "give a table with one row an image")


class _Found:
    """A source with its assembled rows."""

    def __init__(self, source: Source, assembly: Assembly, traits: TraitLabels | None) -> None:
        self.source = source
        self.assembly = assembly
        self.traits = traits

    @property
    def specimens(self) -> pd.DataFrame:
        """Good rows."""
        return self.assembly.specimens

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Rejected rows with those that could not even be read, corrections, spellings."""
        rejected, corrections, spellings = self.assembly.tables()
        broken = [table for part in self.source.parts if len(table := _broken(part.raw))]
        return pd.concat([*broken, rejected], ignore_index=True), corrections, spellings

    def catalog(self, text: str) -> Catalog:
        """The catalog."""
        source, (rejected, corrections, spellings) = self.source, self.tables()
        return Catalog(
            source.name, source.root, text, self.specimens, rejected, corrections, self.traits, source.names, spellings
        )


def _assembled(source: Source, synonyms: str, splits: str) -> _Found:
    frames = [canonical(part.raw, part.columns, part.constants, part.split) for part in source.parts]
    assembly = assemble(frames, source.root, scientific=source.names == "scientific", synonyms=synonyms)
    if splits:
        assembly.specimens = with_splits(assembly.specimens, _splits(splits))
    return _Found(source, assembly, _masks(assembly, source) if source.masks else source.traits)


def _splits(location: str) -> pd.Series:
    if not is_url(location) and not Path(location).exists():
        raise CatalogError(
            f"the splits {location} do not exist", "make them: finercam catalog split CATALOG --out FILE"
        )
    return read_splits(location)


def _masks(found: Assembly, source: Source) -> TraitLabels | None:
    """Fill in the masks that exist and read what their values mean."""
    masks: Masks | None = source.masks
    if masks is None or found.specimens.empty:
        return source.traits
    places = Template(masks.path).fill(found.specimens, every=True)
    there = Listing(source.root).exist(places)
    found.specimens["maskURI"] = places.where(there, found.specimens["maskURI"])
    if not masks.labels:
        return source.traits if there.any() else None
    return read_trait_labels(join(source.root, masks.labels), masks.uberon)


def _broken(raw: RawTable) -> pd.DataFrame:
    rows = [{"table": raw.name, "row": row, "image_id": "", "reason": reason} for row, reason in raw.broken]
    return pd.DataFrame(rows, columns=["table", "row", "image_id", "reason"])
