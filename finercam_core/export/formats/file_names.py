"""Names of files that any disk can hold, that people can read, and that differ where what they stand for differs."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b

LONGEST = 150  # bytes of a name, so that an ending and a number still fit into the 255 of a file system
_IMAGE = re.compile(r"\.(?:jpe?g|png|tiff?|webp|gif|bmp|jp2|avif)$", re.IGNORECASE)
# What Windows takes for a device, with any ending: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_PORTS = {f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"}
_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$"} | _PORTS


class FileNames:
    """A file name, without ending, for each of many identifiers.

    A name is the identifier with ``_`` for every character that is neither a letter nor a digit nor one of ``-_.``, and
    without the ending of an image. Names that a disk could take for the same (capitals, forms of Unicode) get a hash of
    their identifier as well.

    Parameters
    ----------
    identifiers : iterable of str
        All that may need a name: the names depend on them, and not on their order.
    """

    def __init__(self, identifiers: Iterable[str]) -> None:
        plain = {identifier: readable(identifier) for identifier in identifiers}
        counts = Counter(alike(name) for name in plain.values())
        taken = set(counts)
        self._names: dict[str, str] = {}
        for identifier in sorted(plain):
            name = plain[identifier]
            if counts[alike(name)] > 1:
                name = _distinct(name, identifier, taken)
                taken.add(alike(name))
            self._names[identifier] = name

    def of(self, identifier: str) -> str:
        """Name for an identifier; one that was not among those given gets a name with its hash."""
        return self._names.get(identifier) or f"{readable(identifier)}-{_hash(identifier, 6)}"


def readable(identifier: str) -> str:
    """The identifier as a file name that every disk can hold; others may have the same."""
    text = _IMAGE.sub("", unicodedata.normalize("NFC", identifier))
    safe = "".join(c if c in "-_." or unicodedata.category(c)[0] in "LMN" else "_" for c in text)
    stem = safe.strip(".").lstrip("-") or "_"
    if stem.partition(".")[0].casefold() in _DEVICES:
        stem = f"_{stem}"
    return stem if len(stem.encode()) <= LONGEST else f"{_cut(stem, LONGEST - 13)}-{_hash(identifier, 6)}"


def _cut(text: str, size: int) -> str:
    """The beginning of a text that has at most so many bytes, without half a character or a dot at its end."""
    return text.encode()[:size].decode(errors="ignore").rstrip(".")


def alike(name: str) -> str:
    """The same for names that a disk of macOS or Windows takes for the same."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _distinct(name: str, identifier: str, taken: set[str]) -> str:
    for size in range(6, 33):
        longer = f"{_cut(name, LONGEST - 2 * size - 1)}-{_hash(identifier, size)}"
        if alike(longer) not in taken:
            return longer
    raise AssertionError("a hash of 32 bytes is taken")


def _hash(identifier: str, size: int) -> str:
    return blake2b(identifier.encode(errors="surrogatepass"), digest_size=size).hexdigest()


def file_stem(identifier: str) -> str:
    """An identifier as one word that is as unique: characters but letters, digits and ``-_.`` as %XX, for ids."""
    safe = "".join(c if c.isalnum() or c in "-_." else _percent(c) for c in identifier)
    whole = re.sub(r"^\.+", lambda dots: "%2E" * len(dots[0]), safe) or "%00"
    if len(whole.encode()) <= LONGEST:
        return whole
    return f"{_cut(whole, LONGEST)}-{_hash(identifier, 6)}"


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode(errors="surrogatepass"))
