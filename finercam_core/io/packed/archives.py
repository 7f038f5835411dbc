"""Zip and tar files: the place of each file in them is looked up once, then each is read by itself."""

import tarfile
import threading
import zipfile
import zlib
from pathlib import Path

from finercam_core.io.faults import first_line
from finercam_core.io.packed.pack import Pack

# No photograph is larger; a file that says so would fill the memory.
MOST_BYTES = 1 << 30
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


class ZipPack(Pack):
    """The files of a zip.

    Parameters
    ----------
    path : str

    Raises
    ------
    OSError
        It is missing or not a readable zip.
    """

    def __init__(self, path: str) -> None:
        self._lock = threading.Lock()
        try:
            self._zip = zipfile.ZipFile(path)
        except _DAMAGE as error:
            raise OSError(f"{path} is not a readable zip: {first_line(error)}") from error
        entries = [entry for entry in self._zip.infolist() if not entry.is_dir()]
        self._entries = {entry.filename.replace("\\", "/"): entry for entry in entries}
        super().__init__(path, self._entries)

    def read(self, name: str) -> bytes:
        """The content of a file."""
        if name not in self._entries:
            raise self._missing(name)
        entry = self._entries[name]
        if entry.flag_bits & 1:
            raise OSError(f"{name} in {self.path} is encrypted")
        if entry.file_size > MOST_BYTES:
            raise OSError(f"{name} in {self.path} has {entry.file_size:,} bytes")
        try:
            with self._lock:
                return self._zip.read(entry)
        except _DAMAGE as error:
            raise OSError(f"{name} in {self.path} is damaged: {first_line(error)}") from error


class TarPack(Pack):
    """The files of a tar that is not compressed.

    Parameters
    ----------
    path : str

    Raises
    ------
    OSError
        It is missing, compressed, or not a readable tar.
    """

    def __init__(self, path: str) -> None:
        try:
            with tarfile.open(path, "r:") as file:
                members = [member for member in file if member.isfile()]
        except (tarfile.TarError, EOFError, ValueError) as error:
            raise OSError(f"{path} is not a readable tar: {first_line(error)}") from error
        self._places = {member.name.removeprefix("./"): (member.offset_data, member.size) for member in members}
        super().__init__(path, self._places)

    def read(self, name: str) -> bytes:
        """The content of a file."""
        if name not in self._places:
            raise self._missing(name)
        start, size = self._places[name]
        if size > MOST_BYTES:
            raise OSError(f"{name} in {self.path} has {size:,} bytes")
        with Path(self.path).open("rb") as file:
            file.seek(start)
            content = file.read(size)
        if len(content) < size:
            raise OSError(f"{name} in {self.path} is cut off")
        return content
