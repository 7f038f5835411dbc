"""A partial download: the bytes so far, what is needed to resume, and the limits of bytes and time."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx

from finercam_core.fetch.reasons import FetchFailure, Reason, Stopped


class Partial:
    """The beginning of a file, beside a note of the version that it belongs to.

    Parameters
    ----------
    path : Path
        Where the bytes are; the note lies beside it with the ending ``.json``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._note = path.with_suffix(".json")

    @property
    def version(self) -> str:
        """Validator of the version that the bytes belong to: a strong ETag, a date, or "" when nobody can tell."""
        try:
            return str(json.loads(self._note.read_text(encoding="utf-8"))["version"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    @property
    def size(self) -> int:
        """Number of bytes so far."""
        return self.path.stat().st_size if self.path.exists() else 0

    def headers(self) -> dict[str, str]:
        """Headers that ask for the rest, if the file is still the same version."""
        version, size = self.version, self.size
        return {"Range": f"bytes={size}-", "If-Range": version} if version and size else {}

    def begin(self, version: str) -> IO[bytes]:
        """Start again, with the validator of the new version."""
        self.discard()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if version:
            self._note.write_text(json.dumps({"version": version}), encoding="utf-8")
        return self.path.open("wb")

    def go_on(self) -> IO[bytes]:
        """Append to the bytes so far."""
        return self.path.open("ab")

    def continues(self, response: httpx.Response) -> bool:
        """Whether a 206 answer begins exactly where the bytes end, and is of the same version."""
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", "").strip())
        sent = version_of(response)
        return bool(found and int(found[1]) == self.size and sent in ("", self.version))

    def discard(self) -> None:
        """Delete the bytes so far."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)


def version_of(response: httpx.Response) -> str:
    """Validator of an answer that may stand in `If-Range` (RFC 9110): a strong ETag, else the date, else ""."""
    if response.headers.get("Accept-Ranges", "").strip().lower() == "none" or "Content-Encoding" in response.headers:
        return ""
    tag = response.headers.get("ETag", "").strip()
    if tag:
        return "" if tag.startswith("W/") else str(tag)
    return str(response.headers.get("Last-Modified", "").strip())


Received = Callable[[int], None]


@dataclass(frozen=True)
class Allowance:
    """Limits of one image: total bytes, time until `deadline` (of `time.monotonic`), and whether to stop."""

    max_bytes: int
    deadline: float
    stop: threading.Event
    received: Received

    def check(self, size: int) -> None:
        """Raise if a limit is passed.

        Raises
        ------
        FetchFailure
            TOO_MANY_BYTES or TIMEOUT.
        Stopped
            The run ends.
        """
        if self.stop.is_set():
            raise Stopped
        if size > self.max_bytes:
            raise FetchFailure(Reason.TOO_MANY_BYTES, f"more than {self.max_bytes:,} bytes")
        if time.monotonic() > self.deadline:
            raise FetchFailure(Reason.TIMEOUT, "the time for one image ran out", retry=False)


def receive(blocks: Iterable[bytes], file: IO[bytes], allowance: Allowance) -> int:
    """Append blocks to an open file; returns its size. What was written stays when a limit is passed."""
    size = file.tell()
    allowance.check(size)
    for block in blocks:
        allowance.check(size + len(block))
        file.write(block)
        size += len(block)
        allowance.received(len(block))
    return size
