"""What an opened collection is: a name, a root, validated specimens, and everything that was wrong with its rows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import quote

import pandas as pd

from finercam_core.errors import CatalogError
from finercam_core.io.addresses import is_url
from finercam_core.io.tables import open_binary

REJECTED = ("table", "row", "image_id", "reason")
SPELLINGS = ("term", "verbatim", "value", "rows")
CORRECTIONS = ("image_id", "term", "verbatim", "value", "reason")


@dataclass(frozen=True)
class TraitLabels:
    """What the pixel values of a collection's masks mean.

    Parameters
    ----------
    names : mapping of int to str
        Name of each id; 0 is the background.
    uberon : mapping of int to str
        Term of the UBERON anatomy ontology for the ids that have one, such as "UBERON:0000033".
    whole : bool
        The masks mark whole specimens and no traits; values above half of the largest are the specimen.
    """

    names: Mapping[int, str]
    uberon: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    whole: bool = False

    def id_of(self, name: str) -> int:
        """Pixel value of a trait by its name, whatever the case and separators; CatalogError if there is none."""
        found = {_key(n): i for i, n in self.names.items()}.get(_key(name))
        if found is None:
            raise CatalogError(f"no trait is called {name!r}", f"use one of {', '.join(self.names.values())}")
        return found


@dataclass(frozen=True, repr=False)
class Catalog:
    """A collection of specimen images.

    Parameters
    ----------
    name : str
        What the collection is called.
    root : str
        Absolute local folder or URL that relative paths start from.
    source : str
        What was opened.
    specimens : DataFrame
        One row an image, columns as in `finercam_core.catalog.TERMS` plus `fault` ("" or a `Status` name), all text,
        "" where unknown; `image_id` is unique, `scientificName` is the cleaned name, the key of a class.
    rejected : DataFrame
        Rows that could not be used: table, row (1-based), image_id, reason.
    corrections : DataFrame
        Values that were changed, and rows that repeat an image of another table: image_id, term, verbatim, value,
        reason. Changes of case and white space are not listed.
    spellings : DataFrame
        Names and families that were written otherwise, each different text once, also those that differ by case or
        white space alone: term, verbatim, value, rows.
    traits : TraitLabels or None
        Meaning of the masks' pixel values, if the collection has masks.
    names : {"scientific", "verbatim"}
        Whether `scientificName` holds scientific names, or labels taken as they are (cars, common names).
    """

    name: str
    root: str
    source: str
    specimens: pd.DataFrame
    rejected: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(REJECTED)))
    corrections: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(CORRECTIONS)))
    traits: TraitLabels | None = None
    names: str = "scientific"
    spellings: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(SPELLINGS)))

    def __repr__(self) -> str:
        """What a notebook shows."""
        return (
            f"<Catalog {self.name!r} from {self.source!r}: {len(self.specimens):,} images of {len(self.species):,} "
            f"species, {len(self.rejected):,} rows rejected>"
        )

    @property
    def species(self) -> list[str]:
        """The different names, sorted."""
        return sorted(self.specimens["scientificName"].unique())

    def uri(self, image: Mapping[str, str] | str) -> str:
        """Where an image lies: a local path or a URL that fsspec opens.

        Parameters
        ----------
        image : mapping or str
            A row of `specimens` (its path, else its accessURI), or a path relative to the root.
        """
        path = image if isinstance(image, str) else image["path"] or image["accessURI"]
        return join(self.root, path)


def join(root: str, path: str) -> str:
    """A location below a root; below an http root the characters that URLs reserve (`#`, `?`, space) are encoded."""
    if is_url(path):
        return path
    if root.startswith(("http://", "https://")):
        path = quote(path)
    return f"{root.rstrip('/')}/{path}"


def read_trait_labels(location: str, uberon: Mapping[str, str]) -> TraitLabels:
    """Read the JSON file that names the ids of masks: `{"1": "head"}` or `{"head": 1}`.

    Raises
    ------
    CatalogError
        The file is missing or is no such mapping.
    """
    with open_binary(location) as file:
        content = file.read()
    try:
        pairs = [(k, v) if k.strip().isdigit() else (v, k) for k, v in json.loads(content).items()]
        names = {int(i): str(name) for i, name in pairs}
    except (ValueError, AttributeError, TypeError) as error:
        raise CatalogError(f"{location} does not map ids to trait names", 'write it as {"1": "head"}') from error
    terms = {_key(name): term for name, term in uberon.items()}
    return TraitLabels(
        MappingProxyType(dict(sorted(names.items()))),
        MappingProxyType({i: terms[_key(n)] for i, n in sorted(names.items()) if _key(n) in terms}),
    )


def _key(name: str) -> str:
    return " ".join(name.replace("_", " ").replace("-", " ").lower().split())
