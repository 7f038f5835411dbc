"""Collections that a manifest describes: tables with any columns, or a known layout with corrections to it."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from finercam_core.catalog.column_choice import choose_columns
from finercam_core.catalog.manifest import Manifest, Table, read_manifest
from finercam_core.catalog.readers.data_sets.fish_vista import read_fish_vista
from finercam_core.catalog.readers.named_files import guarded_address
from finercam_core.catalog.readers.registry import read_layout
from finercam_core.catalog.source import CatalogSource, MappedTable
from finercam_core.catalog.template import Template
from finercam_core.errors import CatalogError, counted
from finercam_core.io.addresses import absolute, is_url, join
from finercam_core.io.faults import catalog_error
from finercam_core.io.raw_tables import Notice, RawTable
from finercam_core.io.tables import read_table


def read_with_manifest(path: Path, root: str | None = None) -> CatalogSource:
    """Read the collection that a manifest describes.

    Parameters
    ----------
    path : Path
        The manifest.
    root : str, optional
        Folder or URL of the collection instead of the manifest's own.

    Raises
    ------
    CatalogError
        The manifest or one of its tables cannot be used.
    """
    manifest = read_manifest(path)
    about = manifest.collection
    root = _beside(path, about.root) if root is None else absolute(root or about.root)
    if about.layout == "table":
        source = CatalogSource(about.name, root, [_mapped(manifest, table, root) for table in _tables(manifest, root)])
    elif about.layout == "fish-vista":
        source = read_fish_vista(root, manifest.tables)
    else:
        source = read_layout(about.layout, root)
    synonyms = _beside(path, about.synonyms) if about.synonyms else ""
    splits = _beside(path, about.splits) if about.splits else ""
    paths = _beside(path, about.paths) if about.paths else ""
    return replace(_corrected(source, manifest), synonyms=synonyms, splits=splits, paths=paths)


def _beside(manifest: Path, name: str) -> str:
    """A location that the manifest names, relative to it; its addresses are a stranger's, and guarded."""
    return guarded_address(name) if is_url(name) else str((manifest.parent / name).resolve())


def _corrected(source: CatalogSource, manifest: Manifest) -> CatalogSource:
    """What the manifest says about a layout wins over what the layout's reader knows."""
    about = manifest.collection
    tables = source.tables
    if about.layout != "table":
        tables = [_corrected_table(table, manifest) for table in tables]
    names = about.names or source.names
    return replace(source, name=about.name, tables=tables, names=names, masks=manifest.masks or source.masks)


def _corrected_table(table: MappedTable, manifest: Manifest) -> MappedTable:
    columns, constants = {**table.columns, **manifest.columns}, {**table.constants, **manifest.constants}
    return MappedTable(_kept(table.raw, manifest), columns, constants, table.split)


def _tables(manifest: Manifest, root: str) -> list[Table]:
    """The tables, without optional ones that are not there."""
    return [table for table in manifest.tables if not table.optional or _is_there(_location(root, table))]


def _location(root: str, table: Table) -> str:
    """Where a table lies: below the root, unless its path is absolute."""
    if is_url(table.path):
        return guarded_address(table.path)
    return table.path if Path(table.path).is_absolute() else join(root, table.path)


def _is_there(location: str) -> bool:
    import fsspec

    try:
        system, path = fsspec.url_to_fs(location)
        return bool(system.exists(path))
    except Exception as error:  # fsspec's back ends raise whatever their client raises
        raise catalog_error(location, "looked up", error) from error


def _mapped(manifest: Manifest, table: Table, root: str) -> MappedTable:
    raw = read_table(
        _location(root, table),
        name=table.path,
        kind=table.format,
        columns=_needed(manifest),
        encoding=table.encoding,
    )
    raw = _kept(raw, manifest)
    columns = manifest.columns or choose_columns(raw, root)
    return MappedTable(raw, columns, manifest.constants, table.split)


def _needed(manifest: Manifest) -> list[str] | None:
    """Columns of the tables that the manifest uses; None for all of them."""
    if not manifest.columns:
        return None
    texts = [text for templates in manifest.columns.values() for text in templates]
    return [*dict.fromkeys(column for text in texts for column in Template(text).columns), *manifest.keep]


def _kept(raw: RawTable, manifest: Manifest) -> RawTable:
    """Only the rows that the manifest's [keep] asks for."""
    frame: pd.DataFrame = raw.frame
    missing = [column for column in manifest.keep if column not in frame]
    if missing:
        raise CatalogError(f"{raw.name} has no column {', '.join(missing)}", "correct the manifest's [keep]")
    for column, values in manifest.keep.items():
        frame = frame[frame[column].isin(values)]
    left_out = len(raw.frame) - len(frame)
    text = f"{counted(left_out, 'row')} without the values of {', '.join(manifest.keep)} that [keep] asks for"
    told = [Notice("rows_not_kept", raw.name, left_out, text)] if left_out else []
    return RawTable(raw.name, frame, raw.broken, [*raw.notices, *told])
