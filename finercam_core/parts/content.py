"""What an image file contains, as a hash and a size: a copy under another name is the same image."""

import hashlib
import io
import os
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from finercam_core.catalog.columns import image_locations
from finercam_core.images.faults import ImageError
from finercam_core.images.limits import DEFAULT_LIMITS
from finercam_core.images.location import image_source


@dataclass(frozen=True)
class FileContent:
    """SHA-256 of a file (64 hexadecimal digits, "" where it could not be read) and its size in bytes."""

    sha256: str = ""
    size: int = 0


def content_of(source: str | io.BytesIO) -> FileContent:
    """Content of what `finercam_core.images.location.image_source` gave: a local path, or downloaded bytes."""
    if isinstance(source, io.BytesIO):
        content = source.getbuffer()
        return FileContent(hashlib.sha256(content).hexdigest(), len(content))
    # A named pipe that nobody writes to would be read for ever, and a sparse terabyte for hours.
    if not Path(source).is_file() or Path(source).stat().st_size > DEFAULT_LIMITS.max_bytes:
        return FileContent()
    with Path(source).open("rb") as file:
        return FileContent(hashlib.file_digest(file, "sha256").hexdigest(), os.fstat(file.fileno()).st_size)


def known_contents(specimens: pd.DataFrame, root: str, sizes: Collection[int]) -> pd.Series:
    """SHA-256 of the images of a table, by row, "" where it is not needed or not to be had.

    Parameters
    ----------
    specimens : DataFrame
        Rows of a catalog.
    root : str
        Folder or URL that their paths are relative to.
    sizes : collection of int
        Sizes in bytes of the files that are looked for: a local file of another size is none of them, and is not read.
        Of remote files the hash that the catalog publishes is taken; they are not downloaded for this.
    """
    function, value = (_text(specimens, name) for name in ("hashFunction", "hashValue"))
    published = value.str.lower().where(function == "sha256", "")
    wanted = frozenset(sizes)
    places = zip(image_locations(specimens), published, strict=True)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda pair: _known(pair[0], root, pair[1], wanted), places))
    return pd.Series(found, specimens.index, dtype="str")


def _text(table: pd.DataFrame, column: str) -> pd.Series:
    return table.get(column, pd.Series("", table.index)).fillna("").astype("str")


def _known(location: str, root: str, published: str, sizes: frozenset[int]) -> str:
    if "://" in location or "://" in root:
        return published
    try:
        if os.stat(Path(root) / location).st_size not in sizes:  # noqa: PTH116 - cheaper, and asked of every image
            return ""
        return content_of(image_source(location, root)).sha256
    except (ImageError, OSError, ValueError):
        return published
