"""What the pixel values of trait masks mean, and the anatomy terms of Fish-Vista's traits."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from finercam_core.errors import CatalogError
from finercam_core.io.tables import open_binary

FISH_TRAITS: Mapping[str, str] = MappingProxyType(
    {
        "head": "UBERON:0000033",
        "eye": "UBERON:0000019",
        "dorsal fin": "UBERON:0003097",
        "pectoral fin": "UBERON:0000151",
        "pelvic fin": "UBERON:0000152",
        "anal fin": "UBERON:4000163",
        "caudal fin": "UBERON:4000164",
        "adipose fin": "UBERON:2000251",
        "barbel": "UBERON:2000622",
    }
)
"""Fish-Vista's traits with their UBERON terms, in the order of their values in its masks, 1 to 9."""


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
        value = {_key(n): i for i, n in self.names.items()}.get(_key(name))
        if value is None:
            raise CatalogError(f"no trait is called {name!r}", f"use one of {', '.join(self.names.values())}")
        return value


def read_trait_labels(location: str, uberon: Mapping[str, str]) -> TraitLabels:
    """Read the JSON file that names the ids of masks: `{"1": "head"}` or `{"head": 1}`.

    Raises
    ------
    CatalogError
        The file is missing or is not such a mapping, or gives one id to several names.
    """
    with open_binary(location) as file:
        content = file.read()
    try:
        pairs = [(k, v) if k.strip().isdigit() else (v, k) for k, v in json.loads(content).items()]
        named = [(int(i), str(name)) for i, name in pairs]
    except (ValueError, AttributeError, TypeError) as error:
        raise CatalogError(f"{location} does not map ids to trait names", 'write it as {"1": "head"}') from error
    names = dict(named)
    twice = next((i for i, name in named if names[i] != name), None)
    if twice is not None:
        both = " and ".join(repr(name) for i, name in named if i == twice)
        raise CatalogError(f"{location} maps the id {twice} to {both}", "give each trait an id of its own")
    terms = {_key(name): term for name, term in uberon.items()}
    return TraitLabels(
        MappingProxyType(dict(sorted(names.items()))),
        MappingProxyType({i: terms[_key(n)] for i, n in sorted(names.items()) if _key(n) in terms}),
    )


def _key(name: str) -> str:
    return " ".join(name.replace("_", " ").replace("-", " ").lower().split())
