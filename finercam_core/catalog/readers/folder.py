"""Images in folders: `species/image.jpg`, or `train/species/image.jpg` as Birds-525 and many others have them."""

from pathlib import Path

import pandas as pd

from finercam_core.catalog.columns import split_name
from finercam_core.catalog.readers.lists import numbered
from finercam_core.catalog.readers.table import table_source
from finercam_core.catalog.source import CatalogSource, MappedTable
from finercam_core.errors import CatalogError, counted
from finercam_core.io.raw_tables import Notice
from finercam_core.io.tables import read_table

IMAGES = frozenset((".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp"))
BIRDS = "birds.csv"
_OTHER_PICTURES = (".heic", ".heif", ".gif", ".dng", ".cr2", ".nef", ".arw", ".svg", ".avif", ".psd", ".jp2")
_METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")


def read_folder(folder: Path) -> CatalogSource:
    """Read images in one folder per species, named with underscores for spaces; or such folders in train, val and test.

    Where `metadata.csv` (or `.jsonl`, `.parquet`) lies beside the images, as Hugging Face's image folders have it, that
    table says what they are. Files that are passed over are told.

    Raises
    ------
    CatalogError
        The folder cannot be listed, or holds no images in this way.
    """
    try:
        splits = [path for path in sorted(folder.iterdir()) if path.is_dir() and split_name(path.name)]
        described = _described(folder, splits)
        if described is not None:
            return described
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    except OSError as error:
        raise CatalogError(f"{folder} cannot be listed: {error.strerror}", "correct its permissions") from error
    names = [path.relative_to(folder).parts for path in files]
    in_splits = any(len(parts) == 3 and split_name(parts[0]) and _is_image(parts) for parts in names)
    depth = 3 if in_splits else 2
    taken = [
        parts for parts in names if len(parts) == depth and _is_image(parts) and (not in_splits or split_name(parts[0]))
    ]
    if not taken:
        raise CatalogError(f"{folder} has no images in folders of species", "give species/image.jpg, or a table")
    cells = {
        "path": ["/".join(parts) for parts in taken],
        "species": [parts[-2] for parts in taken],
        "split": [parts[0] if in_splits else "" for parts in taken],
    }
    columns = {"path": ["path"], "scientificName": ["{species:words}"], "split": ["split"]}
    raw = numbered(folder.name, pd.DataFrame(cells, dtype="str"))
    raw.notices += _passed_over(folder.name, set(names) - set(taken))
    return CatalogSource(folder.name, str(folder), [MappedTable(raw, columns)])


def _is_image(parts: tuple[str, ...]) -> bool:
    return Path(parts[-1]).suffix.lower() in IMAGES and not _is_hidden(parts)


def _is_hidden(parts: tuple[str, ...]) -> bool:
    """What systems leave behind: `.ipynb_checkpoints`, `__MACOSX`, `._x.jpg`."""
    return any(part.startswith((".", "__MACOSX")) for part in parts)


def _passed_over(name: str, files: set[tuple[str, ...]]) -> list[Notice]:
    """Each kind of file that is not an image of a species, with its number and an example."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for parts in files:
        ending = Path(parts[-1]).suffix.lower()
        if _is_hidden(parts):
            noun, where = "file", " in a hidden folder or hidden itself"
        elif ending in IMAGES:
            noun, where = "image", " outside the folders of species"
        elif ending in _OTHER_PICTURES:
            noun, where = f"{ending[1:].upper()} picture", " in a form that cannot be read (convert it to JPEG)"
        else:
            noun, where = f"{ending or 'other'} file", ""
        kinds.setdefault((noun, where), []).append("/".join(parts))
    return [
        Notice("passed_over", name, len(paths), f"{counted(len(paths), noun)}{where}, such as {min(paths)}")
        for (noun, where), paths in sorted(kinds.items())
    ]


def _described(folder: Path, splits: list[Path]) -> CatalogSource | None:
    """The collection as the tables beside its images describe it, if there are any."""
    tables = [(path, "") for path in _metadata(folder)]
    tables = tables or [(path, split.name) for split in splits for path in _metadata(split)]
    mapped = []
    for path, split in tables:
        raw = read_table(str(path), name=path.relative_to(folder).as_posix())
        if split:
            places = [column for column in raw.frame if str(column).lower() in ("file_name", "filename", "path")]
            raw.frame[places] = split + "/" + raw.frame[places]
        source = table_source(raw, folder.name, str(folder), str(path))
        mapped += [MappedTable(table.raw, table.columns, {}, split_name(split) or "") for table in source.tables]
    return CatalogSource(folder.name, str(folder), mapped) if mapped else None


def _metadata(folder: Path) -> list[Path]:
    return [folder / name for name in _METADATA if (folder / name).is_file()][:1]


def read_birds(folder: Path) -> CatalogSource:
    """Birds-525: folders of splits and common names, with `birds.csv` that gives the scientific names.

    The common name is the vernacular name; where the table has no scientific names, it is also the class.
    """
    raw = read_table(str(folder / BIRDS))
    names = {str(column).strip().lower(): str(column) for column in raw.frame.columns}
    missing = [name for name in ("filepaths", "labels") if name not in names]
    if missing:
        raise CatalogError(f"{folder / BIRDS} has no column {' or '.join(missing)}", "fetch the data set again")
    common_name = f"{{{names['labels']}:capitalize}}"
    columns = {"path": [names["filepaths"]], "vernacularName": [common_name], "scientificName": [common_name]}
    scientific = "scientific name" in names
    if scientific:
        columns["scientificName"] = [names["scientific name"], common_name]
    if "data set" in names:
        columns["split"] = [names["data set"]]
    kind = "scientific" if scientific else "verbatim"
    return CatalogSource(folder.name, str(folder), [MappedTable(raw, columns)], names=kind)
