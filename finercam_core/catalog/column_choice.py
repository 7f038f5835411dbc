"""Which columns hold the images: told by their names where these are clear, else by what is in them."""

import re
from dataclasses import dataclass

import pandas as pd

from finercam_core.catalog.columns import ALIASES, PICTURE_ENDING, guess_columns, plain
from finercam_core.catalog.curation.empty_words import EMPTY_WORDS
from finercam_core.catalog.file_index import FileIndex
from finercam_core.io.addresses import clean_paths, is_url
from finercam_core.io.raw_tables import Notice, RawTable

_SAMPLE = 200
_NAMED = re.compile(
    r"(?:image|photo|picture|img|pic|media|file|access|download|original)\w*|\w*(?:url|uri|path|file)s?"
)
_OF_IMAGES = re.compile(r"image|photo|picture|img|media|file|access")
_LOCATIONS = ("path", "accessURI")


@dataclass(frozen=True)
class LocationColumn:
    """A column that may hold the images, and what its first values are.

    Parameters
    ----------
    name : str
    addresses, pictures, existing : float
        Shares of its values that are addresses, end as pictures do, and are files below the root.
    order : int
        Place of its name among the aliases.
    """

    name: str
    addresses: float
    pictures: float
    existing: float
    order: int

    @property
    def path_evidence(self) -> tuple[float, float, int]:
        """What speaks for it as the column of paths, the strongest first."""
        return self.existing, self.pictures, -self.order

    @property
    def address_evidence(self) -> tuple[bool, bool, float, int]:
        """What speaks for it as the column of addresses, the strongest first."""
        named = bool(_OF_IMAGES.search(plain(self.name)))
        return self.pictures > 0.5, named, self.addresses, -self.order


def choose_columns(raw: RawTable, root: str) -> dict[str, list[str]]:
    """Source columns of the canonical ones; where several could be the image, their values decide, and it is told.

    Parameters
    ----------
    raw : RawTable
    root : str
        Folder or URL of the images; a local one is looked into.
    """
    guessed = guess_columns(raw.frame.columns)
    candidates = [column for column in (_column(raw.frame, name, root) for name in raw.frame.columns) if column]
    paths = [c for c in candidates if c.addresses <= 0.5 and (c.existing > 0 or c.pictures > 0.5)]
    addresses = [c for c in candidates if c.addresses > 0.5]
    chosen = dict(guessed)
    remote = {c.name for c in addresses}
    if paths:
        chosen["path"] = max(paths, key=lambda c: c.path_evidence).name
    elif chosen.get("path") in remote:
        del chosen["path"]
    if addresses:
        chosen["accessURI"] = max(addresses, key=lambda c: c.address_evidence).name
    elif paths and chosen.get("accessURI") in {c.name for c in candidates}:
        del chosen["accessURI"]
    for term in _LOCATIONS:
        if term in chosen and chosen[term] != guessed.get(term):
            rest = [c.name for c in (paths if term == "path" else addresses) if c.name != chosen[term]]
            other = guessed.get(term) or ", ".join(rest)
            text = f"{term} from {chosen[term]!r}" + (f" rather than {other!r}" if other else "") + ", by its values"
            raw.notices.append(Notice("columns_chosen", raw.name, 1, text))
    return {term: [name] for term, name in chosen.items()}


def _column(frame: pd.DataFrame, name: str, root: str) -> LocationColumn | None:
    """The column, if its name or the aliases say that it may hold locations."""
    aliases = [plain(alias) for term in _LOCATIONS for alias in (term, *ALIASES[term])]
    label = plain(str(name))
    if label not in aliases and not _NAMED.fullmatch(label):
        return None
    values = frame[name].str.strip()
    values = values[(values != "") & ~values.str.lower().isin(EMPTY_WORDS)].head(_SAMPLE)
    if values.empty:
        return None
    order = aliases.index(label) if label in aliases else len(aliases)
    addresses = values.str.contains(r"[A-Za-z][A-Za-z0-9+.-]*://", regex=True)
    pictures = values.str.contains(PICTURE_ENDING, case=False, regex=True)
    existing = 0.0
    if not is_url(root) and not addresses.all():
        paths, faults = clean_paths(values[~addresses], root)
        existing = float((FileIndex(root).exist(paths) & (faults == "")).sum()) / len(values)
    return LocationColumn(str(name), float(addresses.mean()), float(pictures.mean()), existing, order)
