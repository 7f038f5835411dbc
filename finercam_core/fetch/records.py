"""What is known of one file of a fetch: its key, where it is asked for, which answer came, and what became of it."""

from dataclasses import asdict, dataclass, field, fields


@dataclass(frozen=True)
class FileKey:
    """What names one file among all files of a catalog: rows that agree in it are fetched once.

    Parameters
    ----------
    what : {"image", "mask"}
        What the catalog uses it for.
    uri : str
        As the catalog has it.
    hashFunction, hashValue : str
        Checksum that the catalog states, both "" if it states none that can be checked.
    """

    what: str
    uri: str
    hashFunction: str = ""
    hashValue: str = ""

    def __str__(self) -> str:
        return "\n".join((self.what, self.uri, self.hashFunction, self.hashValue))


KEY = [column.name for column in fields(FileKey)]
"""Columns of a `FileKey` in tables."""


@dataclass(frozen=True)
class RemoteFile:
    """Where a file lies and what it must be.

    Parameters
    ----------
    address : str
        Where it is asked for: differs from the key's `uri` for files of the hub.
    headers : dict
        Headers that its host wants.
    size : int or None
        Bytes that were promised.
    checksums : dict of str to str
        Expected hexadecimal digests by function, see `checksums`.
    """

    address: str
    headers: dict[str, str] = field(default_factory=dict)
    size: int | None = None
    checksums: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """Where the bytes came from in the end, and the version that was sent."""

    address: str
    etag: str = ""
    modified: str = ""
    resumed: bool = False


@dataclass(frozen=True)
class FileResult:
    """What became of a file: where it is now, or why it is not there; None for what is not known.

    Parameters
    ----------
    path : str
        Relative to the target folder; "" for a file that could not be fetched.
    reason, detail : str
        Why not: the name of a `Reason`, and its values.
    sha256, format : str
    bytes, width, height : int
        `bytes` also of a file that was refused.
    kept : str
        Where the refused bytes are kept.
    address, etag, modified : str
        As in `Answer`.
    attempts : int
    time : str
        ISO 8601, UTC.
    """

    path: str = ""
    reason: str | None = None
    detail: str | None = None
    sha256: str | None = None
    bytes: int | None = None
    kept: str | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None
    address: str | None = None
    etag: str | None = None
    modified: str | None = None
    attempts: int | None = None
    time: str | None = None

    def known(self) -> dict[str, str | int]:
        """The fields that are known, in the order of the journal."""
        return {name: value for name, value in asdict(self).items() if value is not None}
