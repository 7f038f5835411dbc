"""Images in folders: `species/image.jpg`, or `train/species/image.jpg` as Birds-525 and many others have them."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from finercam_core.catalog.columns import split_name
from finercam_core.catalog.readers.leftovers import IMAGES, OTHER_PICTURES, is_hidden, passed_over
from finercam_core.catalog.readers.lists import numbered
from finercam_core.catalog.readers.table import split_of_shard, table_source
from finercam_core.catalog.readers.webdataset import read_shards
from finercam_core.catalog.source import CatalogSource, MappedTable
from finercam_core.errors import CatalogError, counted
from finercam_core.io.tables import read_table, table_format

BIRDS = "birds.csv"
_FAMILY_ENDINGS = ("idae", "aceae")
_METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
# Folders that people call so hold images of any species.
_NO_SPECIES = frozenset(
    ["images", "image", "imgs", "img", "photos", "photo", "pictures", "picture", "pics", "jpg", "jpeg", "png", "raw",
     "data", "media", "files", "thumbnails", "thumbs", "originals", "masks", "segmentations", "annotations"]
)  # fmt: skip
Parts = tuple[str, ...]


def read_folder(folder: Path) -> CatalogSource:
    """Read images in one folder per species, named with underscores for spaces; or such folders in train, val and test.

    Where `metadata.csv` (or `.jsonl`, `.parquet`) lies beside the images, as Hugging Face's image folders have it, that
    table says what they are; so do Parquet tables that hold the images themselves. Files that are passed over are told.

    Raises
    ------
    CatalogError
        The folder cannot be listed, or holds no images in this way.
    """
    try:
        names = [path.relative_to(folder).parts for path in sorted(folder.rglob("*")) if path.is_file()]
    except OSError as error:
        raise CatalogError(f"{folder} cannot be listed: {error.strerror}", "correct its permissions") from error
    shards = ["/".join(parts) for parts in names if parts[-1].lower().endswith(".tar") and not is_hidden(parts)]
    if shards and not any(_is_image(parts) for parts in names):
        return read_shards(folder, shards, folder.name)
    return collection_of(names, str(folder), folder.name)


def collection_of(names: Sequence[Parts], root: str, name: str) -> CatalogSource:
    """The collection that the files of a folder, or of a packed file, make.

    Parameters
    ----------
    names : sequence of tuple of str
        The parts of the paths of all files.
    root, name : str
        Location of the folder or packed file, and what the collection is called.

    Raises
    ------
    CatalogError
        They hold no images in folders of species, and no table that describes them.
    """
    tables = _metadata(names)
    if tables:
        mapped = [table for path, split in tables for table in _described(path, split, root, name)]
        mapped[0].raw.notices += passed_over(name, [parts for parts in names if is_hidden(parts)])
        return CatalogSource(name, root, mapped)
    beside = _table_beside(names, root, name)
    if beside is not None:
        return beside
    in_splits = any(len(parts) == 3 and split_name(parts[0]) and _is_image(parts) for parts in names)
    depth = 3 if in_splits else 2
    taken = [
        parts
        for parts in names
        if len(parts) == depth
        and _is_image(parts)
        and (not in_splits or split_name(parts[0]))
        and not _is_no_species(parts[-2])
    ]
    taken = taken or _in_families(names)
    if not taken:
        raise CatalogError(f"{root} has no images in folders of species", _where_to_look(names, root))
    cells = {
        "family": [parts[0] if len(parts) == 3 and not in_splits else "" for parts in taken],
        "path": ["/".join(parts) for parts in taken],
        "species": [parts[-2] for parts in taken],
        "split": [parts[0] if in_splits else "" for parts in taken],
    }
    columns = {"path": ["path"], "scientificName": ["{species:words}"], "split": ["split"], "family": ["family"]}
    raw = numbered(name, pd.DataFrame(cells, dtype="str"))
    rest = set(taken)
    raw.notices += passed_over(name, [parts for parts in names if parts not in rest])
    return CatalogSource(name, root, [MappedTable(raw, columns)])


def _in_families(names: Sequence[Parts]) -> list[Parts]:
    """Images in ``family/species/image.jpg``, where the outer folders are named as families are; [] elsewhere."""
    images: list[Parts] = [parts for parts in names if len(parts) == 3 and _is_image(parts)]
    return images if images and all(parts[0].lower().endswith(_FAMILY_ENDINGS) for parts in images) else []


def _table_beside(names: Sequence[Parts], root: str, name: str) -> CatalogSource | None:
    """The collection as the one table at the top describes it, if it names species and images."""
    tables = [parts[0] for parts in names if len(parts) == 1 and table_format(parts[0]) and not is_hidden(parts)]
    images = any(_is_image(parts) for parts in names)
    if len(tables) != 1 or not images:
        return None
    try:
        source = table_source(read_table(f"{root}/{tables[0]}"), name, root, f"{root}/{tables[0]}")
    except CatalogError:  # a list of something else, which is told as passed over
        return None
    source.tables[0].raw.notices += passed_over(name, [parts for parts in names if is_hidden(parts)])
    return source


def topmost(names: Sequence[Parts]) -> str:
    """The folder that all images lie in, several levels up from the species; "" if there is none."""
    images = [parts for parts in names if _is_image(parts)]
    first = images[0] if images else ()
    common = [part for i, part in enumerate(first[:-2]) if all(len(p) > i + 2 and p[i] == part for p in images)]
    kept = next((i for i, part in enumerate(common) if split_name(part)), len(common))
    return "/".join(common[:kept])


def _what_to_convert(pictures: Sequence[Parts]) -> str:
    said = counted(len(pictures), "picture")
    return f"it holds {said} such as {'/'.join(pictures[0])}, in a form that is not read; convert them to JPEG"


def _where_to_look(names: Sequence[Parts], root: str) -> str:
    """What to do about a folder that is too high, too low, or holds no images."""
    base, images = topmost(names), [parts for parts in names if _is_image(parts)]
    files = ["/".join(parts) for parts in names if parts[-1].endswith(".json") and not is_hidden(parts)]
    odd = next((parts[-2] for parts in images if len(parts) > 1 and _is_no_species(parts[-2])), "")
    depths = Counter(len(parts) for parts in images)
    pictures = [parts for parts in names if parts[-1].lower().endswith(OTHER_PICTURES) and not is_hidden(parts)]
    if not images:
        return _what_to_convert(pictures) if pictures else "give species/image.jpg, or a table"
    if files:
        return f"give its file {root}/{files[0]}, if that describes the images"
    if odd:
        return f"the folder {odd} is not called after a species: give a table of the names of its images"
    if base:
        return f"give {root}/{base}, which holds the folders of species"
    if set(depths) == {1}:
        said = counted(len(images), "image")
        return (
            f"it holds {said} itself; give the folder above it if it is that of a species, else a table of their names"
        )
    return f"give species/image.jpg, or a table; here images lie {depths.most_common(1)[0][0] - 1} folders deep"


def _is_no_species(folder: str) -> bool:
    """Whether a folder is called as those that hold images of any species: `images`, `train2017`."""
    return folder.lower() in _NO_SPECIES or bool(re.fullmatch(r"(?:train|valid|val|test)\d+", folder.lower()))


def _is_image(parts: Parts) -> bool:
    return Path(parts[-1]).suffix.lower() in IMAGES and not is_hidden(parts)


def _metadata(names: Sequence[Parts]) -> list[tuple[str, str]]:
    """Tables that describe the images: paths, and the split folder that each lies in; [] if there are none."""
    present = set(names)
    beside = [(name, "") for name in _METADATA if (name,) in present][:1]
    in_split = {parts[0] for parts in names if len(parts) == 2 and split_name(parts[0])}
    beside = beside or [
        (f"{split}/{table[0]}", split)
        for split in sorted(in_split)
        if (table := [name for name in _METADATA if (split, name) in present])
    ]
    images = any(_is_image(parts) for parts in names)
    shards = [] if images else sorted("/".join(p) for p in names if p[-1].endswith(".parquet") and not is_hidden(p))
    return beside or [(path, "") for path in shards]


def _described(path: str, split: str, root: str, name: str) -> Sequence[MappedTable]:
    """The rows of a table beside the images, which are named from its folder on."""
    raw = read_table(f"{root}/{path}", name=path)
    if split:
        places = [column for column in raw.frame if str(column).lower() in ("file_name", "filename", "path")]
        raw.frame[places] = split + "/" + raw.frame[places]
    own = split_name(split) or split_of_shard(path)
    return table_source(raw, name, root, f"{root}/{path}", own).tables


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
