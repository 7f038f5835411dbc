"""The target folder: one run at a time, free space, files placed whole or not at all, and the catalog of them."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import tomli_w
from filelock import FileLock, Timeout

from finercam_core.catalog import TERMS, Catalog
from finercam_core.catalog.manifest import read_manifest
from finercam_core.errors import FetchError
from finercam_core.fetch.picture import Picture
from finercam_core.fetch.records import KEY
from finercam_core.io.addresses import is_url
from finercam_core.io.disk.steps import sync_folder
from finercam_core.io.files import Files
from finercam_core.redaction import without_secrets

LOCK = ".lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make the folder and hold the right to write to it; the right ends with the process.

    Raises
    ------
    FetchError
        If another run fetches into it, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise FetchError(f"another run is fetching into {folder}", "wait for it, or choose another folder") from error
    except OSError as error:
        problem = f"{folder} cannot be written: {error.strerror}"
        raise FetchError(problem, "choose a folder that you may write to") from error
    try:
        yield
    finally:
        lock.release()


def check_space(folder: Path, needed: int, min_free: int) -> None:
    """Raise if `needed` more bytes would leave less than `min_free` on the disk.

    Raises
    ------
    FetchError
        With the numbers.
    """
    free = shutil.disk_usage(folder).free
    if free - needed < min_free:
        problem = (
            f"{folder} has {free / 1e9:.1f} GB left; {needed / 1e9:.1f} GB are to come and "
            f"{min_free / 1e9:.1f} GB must stay free"
        )
        raise FetchError(problem, "make room, or choose another disk; what was fetched stays")


FOLDERS = {"image": "images", "mask": "masks"}


def content_path(picture: Picture, what: str) -> str:
    """Path of a file relative to the target folder: ``images/ab/abcdef….jpg``."""
    return f"{FOLDERS[what]}/{picture.sha256[:2]}/{picture.sha256}{picture.ending}"


def move_into_place(partial: Path, picture: Picture, what: str, folder: Path) -> str:
    """Move a verified file to its final path, safe against power cuts; the same content is stored once.

    Returns
    -------
    str, the path relative to `folder`.
    """
    name = content_path(picture, what)
    target = folder / name
    if target.exists() and target.stat().st_size == picture.bytes:
        partial.unlink()
        return name
    target.parent.mkdir(parents=True, exist_ok=True)
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(target)
    sync_folder(target.parent)
    return name


MANIFEST, TABLE, LABELS = "catalog.toml", "catalog.parquet", "trait_labels.json"


def write_catalog(files: Files, catalog: Catalog, wanted: pd.DataFrame, results: pd.DataFrame) -> int:
    """Write the manifest and the table of the specimens whose image is there.

    Every column of the source is kept (licence, rights holder, split, …); `path` and `maskURI` are the files in the
    target folder, `accessURI` is where the image came from, and the checksum is the SHA-256 of the stored file.

    Returns
    -------
    int, the number of specimens in the new catalog.
    """
    table = fetched_specimens(catalog, wanted, results)
    if table.empty:
        for name in (MANIFEST, TABLE, LABELS):
            files.remove(name)
        return 0
    files.write_table(TABLE, table)
    if catalog.traits is not None:
        files.write_json(LABELS, {str(i): name for i, name in catalog.traits.names.items()})
    files.write(MANIFEST, tomli_w.dumps(_manifest(catalog)).encode())
    return len(table)


def fetched_specimens(catalog: Catalog, wanted: pd.DataFrame, results: pd.DataFrame) -> pd.DataFrame:
    """Canonical columns of the specimens whose image is there, with the paths of their files."""
    good = results.loc[results["path"] != "", [*KEY, "path", "sha256"]]
    placed = wanted[["image_id", *KEY]].merge(good, on=KEY)
    images = placed[placed["what"] == "image"].set_index("image_id")
    masks = placed[placed["what"] == "mask"].set_index("image_id")["path"]
    table = catalog.specimens[catalog.specimens["image_id"].isin(images.index)]
    fetched = images.loc[table["image_id"]].set_axis(table.index)
    remote = fetched["uri"].map(is_url).astype(bool)
    return table.assign(
        path=fetched["path"], accessURI=fetched["uri"].where(remote, table["accessURI"]).map(without_secrets),
        hashFunction="sha256", hashValue=fetched["sha256"],
        maskURI=masks.reindex(table["image_id"], fill_value="").set_axis(table.index).astype("str"),
    )[list(TERMS)].reset_index(drop=True)  # fmt: skip


def _manifest(catalog: Catalog) -> dict[str, Any]:
    place = catalog.source if is_url(catalog.source) else Path(catalog.source).name
    about = {
        "name": catalog.name,
        "description": f"fetched from {without_secrets(place)}",
        "names": catalog.names,
    }
    if catalog.source.endswith(".toml"):
        about |= {"citation": read_manifest(Path(catalog.source)).collection.citation}
    manifest: dict[str, Any] = {
        "collection": {key: value for key, value in about.items() if value},
        "tables": [{"path": TABLE}],
        "columns": {term: term for term in TERMS},
    }
    if catalog.traits is not None:
        names = catalog.traits.names
        uberon = {names[i]: term for i, term in catalog.traits.uberon.items()}
        manifest["masks"] = {"path": "{maskURI}", "labels": LABELS, "uberon": uberon}
    return manifest
