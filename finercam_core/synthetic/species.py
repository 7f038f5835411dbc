"""The rendered species: invented fish whose differences are known because this file states them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from finercam_core.errors import CatalogError

FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "Lumichthys": "Lumichthyidae",
        "Fontodus": "Lumichthyidae",
        "Limobarbus": "Limobarbidae",
        "Petracanthus": "Petracanthidae",
        "Coralodon": "Petracanthidae",
    }
)

# What every genus has unless one of its species says otherwise: the congeners' common plan.
_COMMON = {
    "adipose_fin": "absent",
    "anal_fin": "short",
    "bars": "absent",
    "barbel": "absent",
    "caudal_fin": "forked",
    "caudal_spot": "absent",
    "dorsal_fins": "one",
    "lateral_band": "absent",
    "ocellus": "absent",
    "pelvic_fin": "present",
}
_BASE_PLANS: Mapping[str, Mapping[str, str]] = {
    "Lumichthys": {"body": "fusiform, silver", "caudal_fin": "forked"},
    "Fontodus": {"body": "deep, golden", "caudal_fin": "forked"},
    "Limobarbus": {"body": "elongate, brown", "caudal_fin": "rounded"},
    "Petracanthus": {"body": "stout, green", "caudal_fin": "rounded"},
    "Coralodon": {"body": "disc-shaped, blue", "caudal_fin": "rounded", "anal_fin": "long"},
}


@dataclass(frozen=True)
class SpeciesPlan:
    """One rendered species.

    Parameters
    ----------
    name, genus, family : str
        Scientific names; `name` is the binomial.
    traits : mapping of str to str
        State of every trait; congeners differ in these alone. `body` is the genus's form and colour.
    common_name : str
        Vernacular name.
    own_trait : str
        The one trait in which it departs from its genus's base plan; empty for the base plan itself.
    """

    name: str
    genus: str
    family: str
    traits: Mapping[str, str]
    common_name: str
    own_trait: str = ""


def _plan(name: str, common_name: str, trait: str = "", state: str = "") -> SpeciesPlan:
    genus = name.split(maxsplit=1)[0]
    traits = dict(sorted((_COMMON | dict(_BASE_PLANS[genus]) | ({trait: state} if trait else {})).items()))
    return SpeciesPlan(name, genus, FAMILIES[genus], MappingProxyType(traits), common_name, trait)


SPECIES: tuple[SpeciesPlan, ...] = (
    _plan("Lumichthys planus", "plain glimmerfish"),
    _plan("Lumichthys pinguis", "fat-finned glimmerfish", "adipose_fin", "present"),
    _plan("Lumichthys caudimacula", "spot-tailed glimmerfish", "caudal_spot", "present"),
    _plan("Fontodus aureolus", "golden springtooth"),
    _plan("Fontodus longipinnis", "long-finned springtooth", "anal_fin", "long"),
    _plan("Fontodus vittatus", "banded springtooth", "lateral_band", "present"),
    _plan("Limobarbus imberbis", "beardless mudbarb"),
    _plan("Limobarbus barbatus", "bearded mudbarb", "barbel", "present"),
    _plan("Limobarbus apodus", "footless mudbarb", "pelvic_fin", "absent"),
    _plan("Petracanthus simplex", "single-finned rockspine"),
    _plan("Petracanthus geminus", "twin-finned rockspine", "dorsal_fins", "two"),
    _plan("Petracanthus fasciatus", "barred rockspine", "bars", "present"),
    _plan("Coralodon rotundus", "round-tailed coralfin"),
    _plan("Coralodon furcatus", "fork-tailed coralfin", "caudal_fin", "forked"),
    _plan("Coralodon ocellatus", "eyespot coralfin", "ocellus", "present"),
)
_BY_NAME = {plan.name.lower(): number for number, plan in enumerate(SPECIES)}


def species_number(name: str) -> int:
    """Position of a species in `SPECIES`; case does not matter.

    Raises
    ------
    CatalogError
        If no such species is rendered.
    """
    try:
        return _BY_NAME[name.lower()]
    except KeyError:
        known = ", ".join(plan.name for plan in SPECIES)
        raise CatalogError(f"{name!r} is not a rendered species", f"choose one of {known}") from None


def species_plan(name: str) -> SpeciesPlan:
    """Plan of a species by its scientific name; case does not matter."""
    return SPECIES[species_number(name)]


def differing_traits(a: str, b: str) -> tuple[str, ...]:
    """Names of the traits in which two species differ, in alphabetical order."""
    first, second = species_plan(a).traits, species_plan(b).traits
    return tuple(trait for trait in first if first[trait] != second[trait])
