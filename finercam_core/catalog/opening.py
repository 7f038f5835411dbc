"""`open_catalog`: one function for every kind of source."""

from pathlib import Path

import pandas as pd

from finercam_core.catalog.assemble import Assembly, assemble, canonical
from finercam_core.catalog.listing import Listing
from finercam_core.catalog.manifest import Manifest, read_manifest
from finercam_core.catalog.model import Catalog, TraitLabels, join, read_trait_labels
from finercam_core.catalog.paths import is_url
from finercam_core.catalog.table import RawTable, read_table, table_format
from finercam_core.catalog.template import Template
from finercam_core.catalog.terms import guess_columns
from finercam_core.errors import CatalogError

IMAGES = frozenset((".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp"))


def open_catalog(source: str | Path, *, root: str | Path | None = None) -> Catalog:
    """Open a collection.

    Parameters
    ----------
    source : str or Path
        A manifest (TOML), a table (CSV, TSV, Parquet; columns by their Darwin Core names or usual aliases), or a
        folder that holds ``species/image.jpg``.
    root : str or Path, optional
        Folder or URL of the images instead of the one that the manifest names or the table lies in.

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
    given = None if root is None else str(root)
    if text.endswith(".toml"):
        found = _from_manifest(Path(text), given)
    elif not is_url(text) and Path(text).is_dir():
        found = _from_folder(Path(text), given)
    elif table_format(text):
        found = _from_table(text, given)
    else:
        raise CatalogError(f"{text} is no catalog", "give a manifest, a CSV or Parquet table, or a folder of species")
    if found.specimens.empty:
        first = "" if found.rejected.empty else f"; the first row was refused: {found.rejected['reason'].iloc[0]}"
        raise CatalogError(f"{text} has no usable row{first}", "give a table with one row an image")
    return found


def _from_manifest(path: Path, given: str | None) -> Catalog:
    manifest = read_manifest(path)
    if manifest.collection.layout != "table":
        raise CatalogError(f"{path} has the layout {manifest.collection.layout!r}", "this version reads tables")
    named = given or manifest.collection.root
    root = named if is_url(named) else str((path.parent / named).resolve() if given is None else Path(named).resolve())
    frames, broken = [], []
    for table in manifest.tables:
        raw = read_table(join(root, table.path), name=table.path, kind=table.format, columns=_needed(manifest))
        broken.append(_broken(raw))
        raw.frame = _kept(raw.frame, manifest)
        columns = manifest.columns or {k: [v] for k, v in guess_columns(raw.frame.columns).items()}
        frames.append(canonical(raw, columns, manifest.constants, table.split))
    found = assemble(frames, root, scientific=manifest.collection.names == "scientific")
    labels = _masks(found, manifest, root)
    return _catalog(manifest.collection.name, root, str(path), found, broken, labels, manifest.collection.names)


def _needed(manifest: Manifest) -> list[str] | None:
    """Source columns that the manifest uses; None for all of them."""
    if not manifest.columns:
        return None
    texts = [text for templates in manifest.columns.values() for text in templates]
    return [*dict.fromkeys(column for text in texts for column in Template(text).columns), *manifest.keep]


def _kept(frame: pd.DataFrame, manifest: Manifest) -> pd.DataFrame:
    for column, values in manifest.keep.items():
        frame = frame[frame[column].isin(values)]
    return frame


def _masks(found: Assembly, manifest: Manifest, root: str) -> TraitLabels | None:
    """Fill in the masks that exist and read what their values mean."""
    if manifest.masks is None:
        return None
    places = Template(manifest.masks.path).fill(found.specimens, every=True)
    there = Listing(root).exist(places)
    found.specimens["maskURI"] = places.where(there, found.specimens["maskURI"])
    if not manifest.masks.labels:
        return None
    return read_trait_labels(join(root, manifest.masks.labels), manifest.masks.uberon)


def _from_table(location: str, given: str | None) -> Catalog:
    raw = read_table(location)
    columns = guess_columns(raw.frame.columns)
    if "scientificName" not in columns or not {"path", "accessURI"} & columns.keys():
        raise CatalogError(
            f"{location} has no column for the species or the image; it has {', '.join(map(str, raw.frame.columns))}",
            "name them scientificName and path, or write a manifest",
        )
    folder = location.rsplit("/", 1)[0] if is_url(location) else str(Path(location).resolve().parent)
    root = given or folder
    root = root if is_url(root) else str(Path(root).resolve())
    found = assemble([canonical(raw, {term: [name] for term, name in columns.items()}, {})], root)
    return _catalog(Path(location).stem, root, location, found, [_broken(raw)])


def _from_folder(folder: Path, given: str | None) -> Catalog:
    """Each subfolder is a species; its name with underscores for spaces."""
    root = Path(given or folder).resolve()
    files = sorted(path for path in root.glob("*/*") if path.suffix.lower() in IMAGES)
    if not files:
        raise CatalogError(f"{folder} has no images in folders of species", "give species/image.jpg, or a table")
    paths = [path.relative_to(root).as_posix() for path in files]
    frame = pd.DataFrame({"path": paths, "species": [path.parent.name for path in files]}, dtype="str")
    raw = RawTable(folder.name, frame.set_axis(pd.RangeIndex(1, len(frame) + 1)))
    found = assemble([canonical(raw, {"path": ["path"], "scientificName": ["{species:words}"]}, {})], str(root))
    return _catalog(folder.name, str(root), str(folder), found, [])


def _broken(raw: RawTable) -> pd.DataFrame:
    rows = [{"table": raw.name, "row": row, "image_id": "", "reason": reason} for row, reason in raw.broken]
    return pd.DataFrame(rows, columns=["table", "row", "image_id", "reason"])


def _catalog(
    name: str, root: str, source: str, found: Assembly, broken: list[pd.DataFrame],
    traits: TraitLabels | None = None, names: str = "scientific",
) -> Catalog:  # fmt: skip
    rejected, corrections = found.tables()
    rejected = pd.concat([*(table for table in broken if len(table)), rejected], ignore_index=True)
    return Catalog(name, root, source, found.specimens, rejected, corrections, traits, names)
