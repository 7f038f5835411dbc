"""Checksums: which functions a catalog may name, and all digests of a file in one pass."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

LENGTHS = {"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128}
GIT = "git-sha1"
"""The hub's identifier of a file that it keeps in git: SHA-1 of ``blob <size>\\0`` and the content."""


def function_name(name: str, value: str) -> str:
    """Plain name of a hash function: ``SHA-256`` → ``sha256``.

    Parameters
    ----------
    name : str
        As in the catalog, in any case and with any separators; "" to tell it by the value's length.
    value : str
        The hexadecimal digest.

    Returns
    -------
    str, one of `LENGTHS`, or "" when there is nothing that can be checked: no value, another function, or a value
    that is no digest of that function.
    """
    digest = value.strip()
    if not re.fullmatch(r"[0-9a-fA-F]+", digest):
        return ""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    if not plain:
        return next((known for known, length in LENGTHS.items() if length == len(digest)), "")
    return plain if LENGTHS.get(plain) == len(digest) else ""


def digests(path: Path, functions: Iterable[str]) -> dict[str, str]:
    """Hexadecimal digests of a file, read once.

    Parameters
    ----------
    path : Path
        The file.
    functions : iterable of str
        From `LENGTHS`, or `GIT`.
    """
    known = {name: hashlib.new("sha1" if name == GIT else name, usedforsecurity=False) for name in functions}
    if GIT in known:
        known[GIT].update(b"blob %d\0" % path.stat().st_size)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            for digest in known.values():
                digest.update(block)
    return {name: digest.hexdigest() for name, digest in known.items()}
