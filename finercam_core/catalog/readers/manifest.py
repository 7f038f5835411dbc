"""A collection that a manifest describes: tables with any columns, or a known layout with corrections to it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from finercam_core.catalog.columns import guess_columns
from finercam_core.catalog.manifest import Manifest, Table, read_manifest
from finercam_core.catalog.readers.fish_vista import read_fish_vista
from finercam_core.catalog.source import Part, Source
from finercam_core.catalog.template import Template
from finercam_core.errors import CatalogError
from finercam_core.io.addresses import is_url, join
from finercam_core.io.faults import unreadable
from finercam_core.io.tables import RawTable, read_table


def read_manifested(path: Path, given: str | None, read_layout: Callable[[str, str], Source]) -> Source:
    """Read what a manifest describes."""
    manifest = read_manifest(path)
    about = manifest.collection
    named = given or about.root
    root = named if is_url(named) else str((path.parent / named).resolve() if given is None else Path(named).resolve())
    if about.layout == "table":
        source = Source(about.name, root, [_part(manifest, table, root) for table in _tables(manifest, root)])
    elif about.layout == "fish-vista":
        source = read_fish_vista(root, manifest.tables or None)
    else:
        source = read_layout(about.layout, root)
    source = _corrected(source, manifest)
    return replace(source, synonyms=_beside(path, about.synonyms), splits=_beside(path, about.splits))


def _beside(manifest: Path, name: str) -> str:
    """A file that the manifest names, relative to it."""
    return name if not name or is_url(name) else str((manifest.parent / name).resolve())


def _corrected(source: Source, manifest: Manifest) -> Source:
    """What the manifest says about a layout wins over what the layout's reader knows."""
    about = manifest.collection
    parts = source.parts
    if about.layout != "table":
        parts = [
            Part(_kept(part.raw, manifest), {**part.columns, **manifest.columns},
                 {**part.constants, **manifest.constants}, part.split)
            for part in parts
        ]  # fmt: skip
    names = about.names or source.names
    return replace(source, name=about.name, parts=parts, names=names, masks=manifest.masks or source.masks)


def _tables(manifest: Manifest, root: str) -> list[Table]:
    """The tables, without optional ones that are not there."""
    return [table for table in manifest.tables if not table.optional or _is_there(join(root, table.path))]


def _is_there(location: str) -> bool:
    import fsspec

    try:
        system, place = fsspec.url_to_fs(location)
        return bool(system.exists(place))
    except Exception as error:  # fsspec's back ends raise whatever their client raises
        raise unreadable(location, "looked up", error) from error


def _part(manifest: Manifest, table: Table, root: str) -> Part:
    place = join(root, table.path)
    raw = read_table(place, name=table.path, kind=table.format, columns=_needed(manifest), encoding=table.encoding)
    raw = _kept(raw, manifest)
    columns = manifest.columns or {term: [name] for term, name in guess_columns(raw.frame.columns).items()}
    return Part(raw, columns, manifest.constants, table.split)


def _needed(manifest: Manifest) -> list[str] | None:
    """Source columns that the manifest uses; None for all of them."""
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
    return RawTable(raw.name, frame, raw.broken)
