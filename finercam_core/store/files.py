"""The store's plain files beside its Zarr nodes, on a local disk or any object store that fsspec knows."""

import io
import json
import os
from pathlib import Path
from typing import Any

import fsspec
import pandas as pd
from fsspec.implementations.local import LocalFileSystem


class Files:
    """Whole-file reads and atomic whole-file writes below one location.

    Parameters
    ----------
    location : str or Path
        Local folder or fsspec URL, such as ``s3://bucket/maps.zarr``.
    """

    def __init__(self, location: str | Path) -> None:
        self.location = str(location).rstrip("/")
        self.fs, self.root = fsspec.url_to_fs(self.location)

    @property
    def local(self) -> Path | None:
        """The folder on this machine, or None for an object store."""
        return Path(self.root) if isinstance(self.fs, LocalFileSystem) else None

    def exists(self, name: str) -> bool:
        """Whether a file of that name is there."""
        return bool(self.fs.exists(f"{self.root}/{name}"))

    def read(self, name: str) -> bytes:
        """Whole content of a file."""
        return bytes(self.fs.cat_file(f"{self.root}/{name}"))

    def write(self, name: str, content: bytes) -> None:
        """Put a whole file in place at once: a reader sees the old or the new content, never a part."""
        local = self.local
        if local is None:
            self.fs.pipe_file(f"{self.root}/{name}", content)
            return
        target = local / name
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f"{target.name}.{os.getpid()}.partial")
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)

    def remove(self, name: str) -> None:
        """Delete a file if it is there."""
        if self.exists(name):
            self.fs.rm_file(f"{self.root}/{name}")

    def names(self, folder: str) -> list[str]:
        """Names of all files below a folder, relative to the location, sorted."""
        if not self.exists(folder):
            return []
        return sorted(str(path)[len(str(self.root)) :].lstrip("/") for path in self.fs.find(f"{self.root}/{folder}"))

    def read_table(self, name: str, columns: list[str] | None = None) -> pd.DataFrame:
        """Parquet file as a table."""
        return pd.read_parquet(io.BytesIO(self.read(name)), columns=columns)

    def write_table(self, name: str, table: pd.DataFrame) -> None:
        """Table as a Parquet file, in place at once."""
        buffer = io.BytesIO()
        table.to_parquet(buffer, index=False)
        self.write(name, buffer.getvalue())

    def write_json(self, name: str, value: Any) -> None:
        """Value as a JSON file, in place at once."""
        self.write(name, json.dumps(value, indent=1, sort_keys=True).encode())

    def sweep_partial(self) -> int:
        """Delete the half-written files that a killed writer left; returns how many. Call it under the lock."""
        if self.local is None:
            return 0
        leftovers = [path for path in self.local.rglob("*.partial") if path.is_file()]
        for path in leftovers:
            path.unlink()
        return len(leftovers)
