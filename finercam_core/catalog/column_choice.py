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
_MOST = 0.8
_NAMED = re.compile(
    r"(?:image|photo|picture|img|pic|media|file|access|download|original)\w*|\w*(?:url|uri|path|file)s?"
)
_OF_IMAGES = re.compile(r"image|photo|picture|img|media|file|access")
_LOCATIONS = ("path", "accessURI")
_LOCATION_NAMES = tuple(plain(alias) for term in _LOCATIONS for alias in (term, *ALIASES[term]))
_BINOMIAL = r"[A-Z][a-zà-ÿ-]{2,} (?:[a-z]+\. )?[a-zà-ÿ-]{3,}\b.*"
_ADDRESS_NAMES = frozenset(plain(name) for name in ("accessURI", *ALIASES["accessURI"]))


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
    looked_for : bool
        Whether files were looked for, which needs a local root.
    """

    name: str
    addresses: float
    pictures: float
    existing: float
    order: int
    looked_for: bool

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
    candidates = [
        column for name in raw.frame.columns if _may_be_images(name) and (column := _column(raw.frame, name, root))
    ]
    if not candidates:  # headings in no language that is known: their values tell
        others = (_column(raw.frame, name, root) for name in raw.frame.columns)
        candidates = [column for column in others if column and column.pictures > 0.5]
    paths = [c for c in candidates if c.addresses <= 0.5 and (c.existing > 0 or c.pictures > 0.5)]
    addresses = [c for c in candidates if c.addresses > 0.5]
    chosen = dict(guessed)
    remote = {c.name for c in addresses}
    elsewhere = _elsewhere(raw.frame, paths, addresses)
    if elsewhere:
        chosen.pop("path", None)
    elif paths:
        chosen["path"] = max(paths, key=lambda c: c.path_evidence).name
    elif chosen.get("path") in remote:
        del chosen["path"]
    best = max(addresses, key=lambda c: c.address_evidence) if addresses else None
    if best is not None and (not paths or _fit(raw.frame, best, paths)):
        chosen["accessURI"] = best.name
    elif paths and chosen.get("accessURI") in {c.name for c in candidates}:
        del chosen["accessURI"]
    if not chosen.keys() & set(_LOCATIONS):
        # Names of files without their endings, as many lists have them: `check` finds the files.
        named = [c for c in candidates if re.search(r"(?:image|photo|picture|img|file)(?:s|name|no)?$", plain(c.name))]
        chosen |= {"path": named[0].name} if named else {}
    for term in _LOCATIONS:
        if term in chosen and (chosen[term] != guessed.get(term) or elsewhere):
            rest = [c.name for c in (paths if term == "path" else addresses) if c.name != chosen[term]]
            other = guessed.get("path") if elsewhere else guessed.get(term) or ", ".join(rest)
            why = f", of whose files none is below {root}" if elsewhere else ", by its values"
            text = f"{term} from {chosen[term]!r}" + (f" rather than {other!r}" if other else "") + why
            raw.notices.append(Notice("columns_chosen", raw.name, 1, text))
    if "scientificName" not in chosen and not {"genus", "specificEpithet"} <= chosen.keys():
        chosen |= _named_species(raw)
    return {term: [name] for term, name in chosen.items()}


def _named_species(raw: RawTable) -> dict[str, str]:
    """The one column whose values are names of species, whatever it is called; told where there is one."""
    found = [str(name) for name in raw.frame.columns if _binomials(raw.frame[name]) > _MOST]
    if len(found) != 1:
        return {}
    text = f"scientificName from {found[0]!r}, by its values"
    raw.notices.append(Notice("columns_chosen", raw.name, 1, text))
    return {"scientificName": found[0]}


def _binomials(column: pd.Series) -> float:
    """Share of a column's first values that are written as names of species are."""
    values = column.str.strip()
    values = values[values != ""].head(_SAMPLE)
    return float(values.str.fullmatch(_BINOMIAL).mean()) if len(values) else 0.0


def _elsewhere(frame: pd.DataFrame, paths: list[LocationColumn], addresses: list[LocationColumn]) -> bool:
    """Whether the images are to be had at their addresses alone: no file is there, and the addresses fit."""
    if not paths or not addresses or any(column.existing or not column.looked_for for column in paths):
        return False
    return _fit(frame, max(addresses, key=lambda c: c.address_evidence), paths)


def _fit(frame: pd.DataFrame, best: LocationColumn, paths: list[LocationColumn]) -> bool:
    """Whether addresses are those of the files that other columns name.

    They are in a column named for images, or end in the names of the files; the address of a page, or of the photograph
    that the file was cut from (Fish-Vista's `original_url`), is not.
    """
    if _OF_IMAGES.search(plain(best.name)) or (plain(best.name) in _ADDRESS_NAMES and best.pictures > 0.5):
        return True
    return any(_same_files(frame[best.name], frame[column.name]) for column in paths)


def _same_files(addresses: pd.Series, paths: pd.Series) -> bool:
    rows = (addresses != "") & (paths != "")
    ends = (texts[rows].head(_SAMPLE).str.replace(r"^.*[/\\]|[?#].*$", "", regex=True) for texts in (addresses, paths))
    first, second = ends
    return bool(rows.any()) and bool((first == second).mean() > 0.5)


def _may_be_images(name: str) -> bool:
    """Whether a column's name or the aliases say that it may hold locations."""
    label = plain(str(name))
    return label in _LOCATION_NAMES or _NAMED.fullmatch(label) is not None


def _column(frame: pd.DataFrame, name: str, root: str) -> LocationColumn | None:
    """The column as one of locations; None if it is empty."""
    label = plain(str(name))
    values = frame[name].str.strip()
    values = values[(values != "") & ~values.str.lower().isin(EMPTY_WORDS)].head(_SAMPLE)
    if values.empty:
        return None
    order = _LOCATION_NAMES.index(label) if label in _LOCATION_NAMES else len(_LOCATION_NAMES)
    addresses = values.str.contains(r"[A-Za-z][A-Za-z0-9+.-]*://", regex=True)
    pictures = values.str.contains(PICTURE_ENDING, case=False, regex=True)
    existing = 0.0
    if not is_url(root) and not addresses.all():
        paths, faults = clean_paths(values[~addresses], root)
        existing = float((FileIndex(root).exist(paths) & (faults == "")).sum()) / len(values)
    return LocationColumn(str(name), float(addresses.mean()), float(pictures.mean()), existing, order, not is_url(root))
