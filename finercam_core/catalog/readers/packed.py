"""Zip and tar files of images, read in place: folders of species, tables beside images, or WebDataset's samples."""

from pathlib import Path

from finercam_core.catalog.readers.folder import collection_of, topmost
from finercam_core.catalog.readers.leftovers import passed_over
from finercam_core.catalog.readers.webdataset import is_webdataset, read_shards
from finercam_core.catalog.source import CatalogSource
from finercam_core.errors import CatalogError
from finercam_core.io.faults import first_line
from finercam_core.io.packed import open_pack


def read_packed_images(path: Path) -> CatalogSource:
    """Read the images in a zip or a tar as if it were a folder; one folder around all of them is looked into.

    Raises
    ------
    CatalogError
        It cannot be read, is compressed as a whole, or holds no images of species.
    """
    try:
        names = open_pack(str(path)).names
    except FileNotFoundError as error:
        raise CatalogError(f"{path} does not exist", "correct the path") from error
    except OSError as error:
        raise CatalogError(first_line(error), "fetch it again, or unpack it and give the folder") from error
    if is_webdataset(names):
        return read_shards(path.parent, [path.name], path.stem)
    parts = [tuple(name.split("/")) for name in names]
    base = topmost(parts)
    depth = len(base.split("/")) if base else 0
    inside = [p[depth:] for p in parts if not base or "/".join(p).startswith(f"{base}/")]
    source = collection_of(inside, f"{path}/{base}" if base else str(path), path.stem)
    outside = [p for p in parts if base and not "/".join(p).startswith(f"{base}/")]
    source.tables[0].raw.notices.extend(passed_over(path.name, outside))
    return source
