"""One file to fetch, and what is known of it beforehand and afterwards."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Source:
    """Where a file lies and what it must be.

    Parameters
    ----------
    what : {"image", "mask"}
        What the catalog uses it for.
    uri : str
        As the catalog has it.
    address : str
        Where it is asked for: differs from `uri` for files of the hub.
    headers : dict
        Headers that its host wants.
    size : int or None
        Bytes that were promised.
    checksums : dict of str to str
        Expected hexadecimal digests by function, see `checksums`.
    """

    what: str
    uri: str
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
