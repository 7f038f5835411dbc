"""How specimens are dealt to reviewers: evenly in each stratum, reproducibly, and without taking any away."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from finercam_core.store import Store
from finercam_core.store.layout import REFERENCE

Strata = Mapping[str, str]
"""The stratum of each specimen, by image_id."""


def strata_of(store: Store, by: str, image_ids: Sequence[str]) -> dict[str, str]:
    """The stratum of each specimen.

    Parameters
    ----------
    store : Store
    by : {"pair", "species"}
        A pair is a species with its closest look-alike, in alphabetical order, so that both sides of it are one
        stratum.
    image_ids : sequence of str
    """
    rows = store.rows.loc[list(image_ids)]
    if by == "species":
        return dict(zip(map(str, rows.index), map(str, rows["scientificName"]), strict=True))
    strata: dict[str, str] = {}
    for species, part in rows.groupby("scientificName", sort=False):
        closest = _closest(store, str(species), part["slot"].to_numpy(int))
        pairs = (" / ".join(sorted({str(species), other})) for other in closest)
        strata |= dict(zip(map(str, part.index), pairs, strict=True))
    return strata


def _closest(store: Store, species: str, slots: "np.typing.NDArray[np.int_]") -> list[str]:
    """The first look-alike of each specimen of a species; the species itself where it has none."""
    classes = store.classes(species)
    if len(classes) < 2:
        return [species] * len(slots)
    if not store.provenance.per_image:
        return [classes[1]] * len(slots)
    known = store.provenance.classifier.species
    first = np.asarray(store.files.group()[f"{store.groups[species]}/{REFERENCE}"][:, 1])  # type: ignore[index]
    return [known[first[slot]] if slot < len(first) and first[slot] >= 0 else species for slot in slots]


def drawn(strata: Strata, count: int, seed: int) -> list[str]:
    """So many specimens, from each stratum its share (by largest remainders), in the order of their ids."""
    members = _members(strata, seed)
    quotas = {name: count * len(ids) / len(strata) for name, ids in members.items()}
    taken = {name: int(quota) for name, quota in quotas.items()}
    by_remainder = sorted(quotas, key=lambda name: (taken[name] - quotas[name], name))
    for name in by_remainder[: count - sum(taken.values())]:
        taken[name] += 1
    return sorted(image_id for name, ids in members.items() for image_id in ids[: taken[name]])


def deal(
    strata: Strata,
    reviewers: Sequence[str],
    *,
    overlap: int,
    seed: int,
    kept: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, list[str]]:
    """Deal each specimen to `overlap` reviewers.

    Each next one goes to the reviewer with the fewest of its stratum; among those to the one who shares the fewest with
    the specimen's other reviewers, then to the one with the fewest in all, so that also every two reviewers share
    equally many. The order of the specimens and every tie come from the seed and the names alone.

    Parameters
    ----------
    strata : mapping of str to str
    reviewers : sequence of str
    overlap : int
        From 1 to the number of reviewers.
    seed : int
    kept : mapping of str to sequence of str, optional
        By image_id: reviewers who have the specimen already, and keep it.

    Returns
    -------
    dict of str to list of str
        By reviewer, in the order of `reviewers`: the ids, in an order of the reviewer's own.
    """
    kept = kept or {}
    in_stratum: dict[str, Counter[str]] = defaultdict(Counter)
    together: Counter[frozenset[str]] = Counter()
    total: Counter[str] = Counter()
    dealt: dict[str, list[str]] = {name: [] for name in reviewers}

    def give(image_id: str, name: str, others: Sequence[str]) -> None:
        in_stratum[strata[image_id]][name] += 1
        together.update(frozenset((name, other)) for other in others)
        total[name] += 1
        dealt[name].append(image_id)

    has: dict[str, list[str]] = {}
    for image_id in sorted(strata):
        has[image_id] = [name for name in reviewers if name in kept.get(image_id, ())]
        for position, name in enumerate(has[image_id]):
            give(image_id, name, has[image_id][:position])
    ties = {name: i for i, name in enumerate(_shuffled(reviewers, seed, "ties"))}
    for stratum, ids in sorted(_members(strata, seed).items()):
        counts = in_stratum[stratum]
        for image_id in ids:
            others = has[image_id]
            while len(others) < overlap:
                free = (name for name in reviewers if name not in others)
                name = min(free, key=lambda one: (counts[one], _shared(together, one, others), total[one], ties[one]))
                give(image_id, name, others)
                others.append(name)
    return {name: _shuffled(sorted(ids), seed, f"queue of {name}") for name, ids in dealt.items()}


def _shared(together: Counter[frozenset[str]], name: str, others: Sequence[str]) -> int:
    return sum(together[frozenset((name, other))] for other in others)


def _members(strata: Strata, seed: int) -> dict[str, list[str]]:
    members: dict[str, list[str]] = defaultdict(list)
    for image_id in sorted(strata):
        members[strata[image_id]].append(image_id)
    return {name: _shuffled(ids, seed, f"stratum {name}") for name, ids in sorted(members.items())}


def _shuffled(names: Sequence[str], seed: int, of: str) -> list[str]:
    """In an order that the seed and a text determine, whatever else is shuffled."""
    digest = hashlib.blake2b(of.encode(), digest_size=8).digest()
    order = np.random.default_rng([seed, int.from_bytes(digest, "big")]).permutation(len(names))
    return [names[i] for i in order]


def shared(queues: Mapping[str, Sequence[str]]) -> dict[tuple[str, str], int]:
    """By every two reviewers: how many specimens both have."""
    sets = {name: set(ids) for name, ids in queues.items()}
    return {(a, b): len(sets[a] & sets[b]) for a, b in combinations(queues, 2)}
