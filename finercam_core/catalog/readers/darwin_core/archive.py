"""Files of a zip or a folder by name: nothing is unpacked, and nothing outside is ever opened."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from finercam_core.errors import CatalogError
from finercam_core.io.faults import first_line

_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


class Archive:
    """A zip or a folder.

    Parameters
    ----------
    path : Path

    Raises
    ------
    CatalogError
        It is missing, or neither a folder nor a readable zip.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip: zipfile.ZipFile | None = None
        if path.is_dir():
            return
        try:
            self._zip = zipfile.ZipFile(path)
        except FileNotFoundError as error:
            raise CatalogError(f"{path} does not exist", "correct the path") from error
        except _DAMAGE as error:
            raise CatalogError(f"{path} is not a readable zip: {first_line(error)}", "fetch it again") from error

    def find(self, name: str) -> str | None:
        """Path in the archive of the file of this name nearest to its top; None if there is none."""
        if self._zip is None:
            files = (path for path in (self.path / name, *self.path.glob(f"*/{name}")) if path.is_file())
            entries = [path.relative_to(self.path).as_posix() for path in files]
        else:
            entries = [entry for entry in self._zip.namelist() if PurePosixPath(entry).name == name]
        return min(entries, key=lambda entry: (entry.count("/"), entry), default=None)

    def names(self) -> list[str]:
        """Paths of all files."""
        if self._zip is not None:
            return [entry for entry in self._zip.namelist() if not entry.endswith("/")]
        return sorted(p.relative_to(self.path).as_posix() for p in self.path.rglob("*") if p.is_file())

    def has(self, name: str) -> bool:
        """Whether a file of this path is in it."""
        return name in self._zip.namelist() if self._zip is not None else (self.path / name).is_file()

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open a file of the archive.

        Raises
        ------
        CatalogError
            The path leaves the archive, is not in it, or the file is damaged.
        """
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in name:
            raise CatalogError(f"{self.path} names the file {name!r}, which lies outside", "do not trust this archive")
        if not self.has(name):
            raise CatalogError(f"{self.path} has no file {name!r}", "fetch it again")
        if self._zip is None and not (self.path / name).resolve().is_relative_to(self.path.resolve()):
            raise CatalogError(f"{self.path}/{name} is a link that leaves the archive", "do not trust this archive")
        try:
            with (self.path / name).open("rb") if self._zip is None else self._zip.open(name) as file:
                yield file
        except _DAMAGE as error:
            raise CatalogError(f"{name} in {self.path} is damaged: {first_line(error)}", "fetch it again") from error
