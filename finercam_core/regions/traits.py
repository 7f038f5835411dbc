"""Traits that a region can belong to: Fish-Vista's nine with their UBERON terms, or a collection's own."""

from dataclasses import dataclass

from finercam_core.catalog.trait_labels import FISH_TRAITS
from finercam_core.store import Store


@dataclass(frozen=True)
class Trait:
    """A trait: its value in masks, its name, and its UBERON term or ""."""

    id: int
    name: str
    uberon: str = ""


SCALE_BAR = "Scale bar"
"""Trait of a region that is a scale bar and no part of the specimen."""


def is_scale_bar(trait: str) -> bool:
    """Whether a trait, as it is written, is that of scale bars."""
    return trait.strip().casefold() == SCALE_BAR.casefold()


_OF_FISH = tuple(Trait(i, name.capitalize(), term) for i, (name, term) in enumerate(FISH_TRAITS.items(), 1))


def traits_of(store: Store) -> tuple[Trait, ...]:
    """Traits of a store's collection, without the background; () if it has no masks, or masks of whole specimens."""
    labels = store.provenance.traits
    if labels is None or labels.whole:
        return ()
    pairs = sorted((int(key), name) for key, name in labels.names.items())
    return tuple(Trait(number, name, labels.uberon.get(str(number), "")) for number, name in pairs if number)


def offered_traits(store: Store) -> tuple[Trait, ...]:
    """Traits that a reviewer can give to a region: the collection's own, and Fish-Vista's where it is about fish.

    A collection is about fish if it has no traits of its own, or one in common with Fish-Vista. The traits of
    Fish-Vista that it lacks get the values after its own.
    """
    own = traits_of(store)
    known = {key for trait in own for key in (trait.name.lower(), trait.uberon) if key}
    lacking = [trait for trait in _OF_FISH if not {trait.name.lower(), trait.uberon} & known]
    if own and len(lacking) == len(_OF_FISH):
        return own
    first = max((trait.id for trait in own), default=0) + 1
    return own + tuple(Trait(first + i, trait.name, trait.uberon) for i, trait in enumerate(lacking))
