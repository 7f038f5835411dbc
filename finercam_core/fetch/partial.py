"""A file on its way: what has come so far, and what is needed to go on where it stopped."""

import json
import re
from pathlib import Path
from typing import IO

import httpx


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
        """Bytes that have come."""
        return self.path.stat().st_size if self.path.exists() else 0

    def headers(self) -> dict[str, str]:
        """Headers that ask for the rest, if the file is still the same version."""
        version, size = self.version, self.size
        return {"Range": f"bytes={size}-", "If-Range": version} if version and size else {}

    def begin(self, version: str) -> IO[bytes]:
        """Start anew, with the validator of the version that comes now."""
        self.discard()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if version:
            self._note.write_text(json.dumps({"version": version}), encoding="utf-8")
        return self.path.open("wb")

    def go_on(self) -> IO[bytes]:
        """Append to what has come."""
        return self.path.open("ab")

    def continues(self, response: httpx.Response) -> bool:
        """Whether a 206 answer begins exactly where the bytes end, and is of the same version."""
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", "").strip())
        sent = version_of(response)
        return bool(found and int(found[1]) == self.size and sent in ("", self.version))

    def discard(self) -> None:
        """Forget what has come."""
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
