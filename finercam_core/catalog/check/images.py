"""Look at the images of a collection: which are there, which open, and which are the same."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from finercam_core.catalog.catalog import Catalog
from finercam_core.catalog.check.near_duplicates import perceptual_hash, require_imagehash
from finercam_core.catalog.file_index import FileIndex
from finercam_core.images.decoder import load_image
from finercam_core.images.deep_tones import NOTE
from finercam_core.images.faults import ImageError
from finercam_core.images.location import image_source
from finercam_core.io.addresses import is_url, is_web
from finercam_core.io.progress import Progress
from finercam_core.io.workers import processors
from finercam_core.status import Status

# A large JPEG is decoded at a fraction of its size; its whole file is read all the same.
_ENOUGH = (256, 256)


class _Look(NamedTuple):
    """What became of one image: a `Status` name or "", and hashes or ""."""

    status: str = ""
    detail: str = ""
    sha256: str = ""
    perceptual_hash: str = ""


def look_at_images(
    catalog: Catalog, *, opened: bool = True, near_identical: bool = False, progress: Progress | None = None
) -> pd.DataFrame:
    """Look for every image, and open those that lie in a local folder.

    Parameters
    ----------
    catalog : Catalog
    opened : bool
        Whether local images are opened, that is decoded as a whole and hashed. Otherwise only their folders are listed.
    near_identical : bool
        Whether opened images also get a perceptual hash, see `finercam_core.catalog.check.near_duplicates`.
    progress : callable, optional
        Called with the number of images done and of all images.

    Returns
    -------
    DataFrame, one row for each of the catalog's specimens in their order
        status: name of a `Status`: "DONE" for an image that exists (and opens), "MISSING", "TRUNCATED" …; "" for one
        that was not looked for, since it lies on a server. detail, sha256, perceptual_hash: text or "".

    Raises
    ------
    CatalogError
        A folder of a remote collection cannot be listed, or `imagehash` is not installed.
    """
    if near_identical:
        require_imagehash()
    if is_url(catalog.root) or not opened:
        return _listed(catalog)
    table = catalog.specimens
    local = (table["path"] != "") & (table["fault"] == "")
    paths = table.loc[local, "path"].tolist()
    looks: list[_Look] = []
    with ThreadPoolExecutor(processors()) as pool:
        for look in pool.map(partial(_look, root=catalog.root, near_identical=near_identical), paths):
            looks.append(look)
            if progress is not None and (len(looks) % 50 == 0 or len(looks) == len(paths)):
                progress(len(looks), len(paths))
    seen = pd.DataFrame(looks, columns=list(_Look._fields), index=table.index[local], dtype="str")
    return seen.reindex(table.index, fill_value="")


def unseen(catalog: Catalog) -> pd.DataFrame:
    """What `look_at_images` gives where nothing was looked at: "" for every specimen."""
    return pd.DataFrame("", index=catalog.specimens.index, columns=list(_Look._fields), dtype="str")


def _look(path: str, root: str, near_identical: bool) -> _Look:
    try:
        image = load_image(path, root=root, at_least=_ENOUGH)
        source = image_source(path, root)
        with Path(source).open("rb") if isinstance(source, str) else source as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except ImageError as error:
        return _Look(error.status.name, error.detail)
    except OSError as error:
        return _Look(Status.UNREADABLE.name, str(error))
    note = str(image.info.get(NOTE, ""))
    return _Look(Status.DONE.name, note, digest, perceptual_hash(image) if near_identical else "")


def _listed(catalog: Catalog) -> pd.DataFrame:
    """Which images exist, by the names in their folders; a web server cannot be asked for such a list."""
    table, seen = catalog.specimens, unseen(catalog)
    if is_web(catalog.root):
        return seen
    paths = table.loc[(table["path"] != "") & (table["fault"] == ""), "path"]
    there = FileIndex(catalog.root).exist(paths)
    seen.loc[paths.index, "status"] = there.map({True: Status.DONE.name, False: Status.MISSING.name}).astype("str")
    return seen
