"""Lines that are kept before the caller goes on: at the end of a file, or each as an object of an object store."""

import json
import os
from pathlib import Path
from typing import IO, Protocol

from finercam_core.errors import ReviewError, StoreError
from finercam_core.io.disk.steps import sync_folder
from finercam_core.io.files import Files
from finercam_core.review.records import verdict_from_json

NOT_A_VERDICT = (ValueError, TypeError, KeyError, ReviewError)


class Lines(Protocol):
    """Where the verdicts of one reviewer's session go."""

    def append(self, line: bytes) -> None:
        """Keep a line, with its end; raises `ReviewError` if it may be lost."""


class DiskLines:
    """A file that is only ever appended to.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._listed = False  # whether the folders that name the file are on the disk

    def append(self, line: bytes) -> None:
        """Write a line to the disk before returning.

        A line that an earlier write left without its end, as on a full disk, is finished or cut off first.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+") as file:
                _end_last_line(file)
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            if not self._listed:
                sync_folder(self.path.parent)
                sync_folder(self.path.parent.parent)
                self._listed = True
        except OSError as error:
            raise ReviewError(
                f"{self.path} cannot be written: {error.strerror}", "make room on the disk, or make it writable"
            ) from error


def _end_last_line(file: IO[bytes]) -> None:
    """Finish a last line that lacks its end if it is a whole verdict, else cut it off.

    Nobody was told that what is cut off is kept, and readers, who take whole verdicts alone, have not read it.
    """
    file.seek(0)
    content = file.read()
    last = content[content.rfind(b"\n") + 1 :]
    if is_whole(last):
        file.write(b"\n")
    elif last:
        file.truncate(len(content) - len(last))


def is_whole(line: bytes) -> bool:
    """Whether a line without its end is a verdict; no part of a JSON object is one."""
    try:
        verdict_from_json(json.loads(line.decode()))
    except NOT_A_VERDICT:
        return False
    return True


class ObjectLines:
    """A folder of numbered objects, each made once and never written again.

    An object cannot be appended to. Written again with one more line, it could lose that line to a request of before
    that arrives late; an object that is only created cannot.

    Parameters
    ----------
    files : Files
        The store.
    folder : str
        Nobody else's.
    """

    def __init__(self, files: Files, folder: str) -> None:
        self._files, self._folder = files, folder
        self._count = 0

    def append(self, line: bytes) -> None:
        """Make the next object of a line; a number that a request without an answer has taken is passed over."""
        try:
            while not self._files.create(self._next(), line):
                pass
        except (StoreError, OSError) as error:
            problem = error.problem if isinstance(error, StoreError) else f"{self._files.location}: {error}"
            raise ReviewError(
                f"the verdict is not kept: {problem}", "bring the store back, then give it again"
            ) from error

    def _next(self) -> str:
        self._count += 1
        return f"{self._folder}/{self._count:06d}.jsonl"
