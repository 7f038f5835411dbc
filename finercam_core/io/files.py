"""Plain files on a local disk or any object store that fsspec knows: written whole or not at all."""

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

import fsspec
import pandas as pd
import zarr
from fsspec.implementations.local import LocalFileSystem

from finercam_core.errors import StoreError
from finercam_core.extras import install_hint
from finercam_core.io.atomic import PARTIAL, write_whole
from finercam_core.io.disk import steps
from finercam_core.io.disk.seals import SealError, sealed, unsealed
from finercam_core.io.disk.zarr_store import SyncedStore
from finercam_core.io.faults import store_errors

# Another process may write to the store, so that cached listings are outdated.
_REMOTE = {"use_listings_cache": False}
_READERS = 8
_AHEAD = {"block_size": 1 << 24}  # of an object store, read at once


class Files:
    """Whole-file reads and atomic whole-file writes below one location.

    Parameters
    ----------
    location : str or Path
        Local folder or fsspec URL, such as ``s3://bucket/maps.zarr``.

    Raises
    ------
    StoreError
        If the package for this kind of URL is not installed.
    """

    def __init__(self, location: str | Path) -> None:
        self.location = str(location).rstrip("/")
        options = _REMOTE if "://" in self.location else {}
        try:
            self.fs, self.root = fsspec.url_to_fs(self.location, **options)
        except (ImportError, ValueError) as error:
            raise StoreError(f"{self.location} cannot be opened: {error}", f"for s3:// {install_hint('s3')}") from error

    @property
    def local(self) -> Path | None:
        """The folder on this machine, or None for an object store."""
        return Path(self.root) if isinstance(self.fs, LocalFileSystem) else None

    @property
    def storage_options(self) -> dict[str, Any] | None:
        """Options that Zarr and xarray pass to fsspec; None for a local folder."""
        return None if self.local is not None else dict(_REMOTE)

    def group(self, mode: Literal["r", "r+", "a"] = "r", path: str = "", *, together: bool = False) -> zarr.Group:
        """The Zarr group at `path` below the location.

        What is written through it on a local disk is there after `finercam_core.io.disk.zarr_store.sync`; `together`
        is for many new files at once, see `SyncedStore`.
        """
        # Version 2 of the format has a codec that unpickles, which is no thing to do with a stranger's store.
        if self.local is not None and mode != "r":
            return zarr.open_group(
                SyncedStore(self.local, together=together), mode=mode, path=path, zarr_format=3, use_consolidated=False
            )
        location = f"{self.location}/{path}".rstrip("/")
        return zarr.open_group(
            location, mode=mode, zarr_format=3, storage_options=self.storage_options, use_consolidated=False
        )

    def exists(self, name: str) -> bool:
        """Whether a file of that name exists."""
        with store_errors(self.location):
            return bool(self.fs.exists(f"{self.root}/{name}"))

    def missing(self, names: Sequence[str]) -> list[str]:
        """Those of many files that do not exist."""
        with ThreadPoolExecutor(_READERS) as pool:
            there = pool.map(self.exists, names)
            return [name for name, found in zip(names, there, strict=True) if not found]

    def read(self, name: str, start: int = 0) -> bytes:
        """Content of a file, from byte `start` to its end; FileNotFoundError if there is none."""
        with store_errors(self.location):
            return bytes(self.fs.cat_file(f"{self.root}/{name}", start=start or None))

    def read_many(self, names: Sequence[str]) -> list[bytes | None]:
        """Whole content of many small files, several at a time; None for those that do not exist."""
        local = self.local
        if local is None:
            paths = [f"{self.root}/{name}" for name in names]
            with store_errors(self.location):
                found = self.fs.cat(paths, on_error="return") if paths else {}
                return [_content(found[path]) for path in paths]
        parts = [names[start : start + 256] for start in range(0, len(names), 256)]
        with ThreadPoolExecutor(_READERS) as pool:
            return [content for part in pool.map(lambda part: _read_local(local, part), parts) for content in part]

    def contents(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Each file with its whole content, from an object store many at a time; those that are gone are left out."""
        step = 1 if self.local is not None else 256
        for part in (names[start : start + step] for start in range(0, len(names), step)):
            for name, content in zip(part, self.read_many(part), strict=True):
                if content is not None:
                    yield name, content

    @contextmanager
    def opened(self, name: str) -> Iterator[IO[bytes]]:
        """A file to read from, for one that is too large for the memory; FileNotFoundError if there is none."""
        with store_errors(self.location):
            file: IO[bytes] = self.fs.open(f"{self.root}/{name}", "rb", **({} if self.local else _AHEAD))
        with file:
            yield file

    def write(self, name: str, content: bytes | Path) -> None:
        """Write a whole file at once, or copy one: a reader sees the old or the new content, never a part."""
        local = self.local
        with store_errors(self.location):
            if local is None and isinstance(content, Path):
                self.fs.put_file(str(content), f"{self.root}/{name}")
                return
            if local is None:
                self.fs.pipe_file(f"{self.root}/{name}", content)
                return
            # Several processes write to a store, so that each has a partial file of its own.
            write_whole(local / name, content, ending=f".{os.getpid()}{PARTIAL}", durable=True)

    def create(self, name: str, content: bytes) -> bool:
        """Make an object that is not there yet; False if another of that name is.

        One with the same content counts as made: where an answer was lost, the client asked again and was refused.
        """
        with store_errors(self.location):
            try:
                self.fs.pipe_file(f"{self.root}/{name}", content, mode="create")
            except FileExistsError:
                return self.read(name) == content
            return True

    def remove(self, name: str) -> None:
        """Delete a file if it exists."""
        if self.exists(name):
            with store_errors(self.location):
                if self.local is not None:
                    steps.remove(self.local / name)
                else:
                    self.fs.rm_file(f"{self.root}/{name}")

    def names(self, folder: str) -> list[str]:
        """Names of all files below a folder, relative to the location, sorted."""
        if not self.exists(folder):
            return []
        return sorted(str(path)[len(str(self.root)) :].lstrip("/") for path in self.fs.find(f"{self.root}/{folder}"))

    def sizes(self, folder: str) -> dict[str, int]:
        """Size in bytes of every file below a folder, by its name relative to the location, sorted."""
        with store_errors(self.location):
            try:
                found: dict[str, Any] = self.fs.find(f"{self.root}/{folder}", detail=True)
            except FileNotFoundError:
                return {}
        names = {str(path)[len(str(self.root)) :].lstrip("/"): int(about["size"]) for path, about in found.items()}
        return dict(sorted(names.items()))

    def read_table(
        self, name: str, columns: Sequence[str] | None = None, *, remedy: str = "restore it from a backup"
    ) -> pd.DataFrame:
        """Parquet file as a table; FileNotFoundError if there is none.

        Raises
        ------
        StoreError
            If it is cut off or damaged, with this remedy.
        """
        try:
            return unsealed(self.read(name), columns)
        except SealError as error:
            raise StoreError(f"{name} in {self.location} is damaged: {error}", remedy) from error

    def write_table(self, name: str, table: pd.DataFrame) -> None:
        """Write a table as a sealed Parquet file, at once."""
        self.write(name, sealed(table))

    def write_json(self, name: str, value: Any) -> None:
        """Write a value as a JSON file, at once."""
        self.write(name, json.dumps(value, indent=1, sort_keys=True).encode())

    def sweep_partial(self) -> int:
        """Delete the half-written files that a killed writer left; returns how many. Call it under the lock."""
        if self.local is None:
            return 0
        swept = 0
        for folder, _, names in os.walk(self.local):
            for name in names:
                if name.endswith(PARTIAL):
                    (Path(folder) / name).unlink()
                    swept += 1
        return swept


def _read_local(folder: Path, names: Sequence[str]) -> list[bytes | None]:
    return [_read_one(folder / name) for name in names]


def _read_one(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _content(found: bytes | Exception) -> bytes | None:
    if isinstance(found, FileNotFoundError):
        return None
    if isinstance(found, Exception):
        raise found
    return bytes(found)
