"""Plan an annotation run: the store that a catalog and a classifier need, and its chunks in shards of work."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from finercam_core.base_methods import DEFAULT_METHOD, base_method
from finercam_core.catalog import Catalog
from finercam_core.catalog.columns import image_locations
from finercam_core.errors import ComparisonError, counted
from finercam_core.explain.model.classifier import Classifier
from finercam_core.finer import gamma_for
from finercam_core.images.decoder import REDUCED_TO, load_pixels
from finercam_core.images.faults import ImageError
from finercam_core.references import REFERENCES, Policy
from finercam_core.references.plan import plan_comparisons
from finercam_core.store import Chunk, RunSettings, Store, create_store
from finercam_core.suggestions import closest

# Images that are tried for one that opens.
_TRIED = 3


def plan_store(
    location: str | Path,
    catalog: Catalog,
    classifier: Classifier,
    *,
    references: int = REFERENCES,
    method: str = DEFAULT_METHOD,
    gamma: float | None = None,
    beside: bool = True,
    policy: Policy | None = None,
) -> Store:
    """Create a store for a catalog and a classifier, or extend it by what is new in the catalog.

    Parameters
    ----------
    location : str or Path
        The store.
    catalog : Catalog
    classifier : Classifier
    references : int
        Largest number of species that each species is compared with, closest relatives first.
    method : str
        Base method, one of `finercam_core.base_methods.BASE_METHODS`.
    gamma : float, optional
        Strength of the comparison for methods that are not linear in the scores, `GAMMA` by default; the others take
        any later, and are refused with one.
    beside : bool
        If the location holds another run (another classifier, layer, method or choice of references), write this one
        beside it, as ``maps.run-<id>.zarr``; otherwise refuse.
    policy : Policy, optional
        How references are chosen, see `finercam_core.references`; by relationship by default.

    Returns
    -------
    Store, whose `location` says where it was made.

    Raises
    ------
    StoreError
        If the location holds another run and `beside` is false, or it may not be written.
    ComparisonError
        If the method takes any γ later and one is given, or it is unknown; or if the classifier knows no species of the
        catalog.
    """
    weights = classifier.class_weights
    plan = plan_comparisons(catalog, classifier.species, references=references, weights=weights, policy=policy)
    if not plan.chosen:
        raise _stranger(catalog, classifier)
    check = _confirmed(catalog, classifier) if base_method(method).by_gradient else {}
    settings = _settings(classifier, method, gamma, check)
    return create_store(location, catalog, plan, classifier.grid, settings, beside=beside, lists=classifier.lists)


def _stranger(catalog: Catalog, classifier: Classifier) -> ComparisonError:
    """The error about a classifier of other species."""
    species = sorted(set(catalog.specimens["scientificName"]))
    slips = ((name, closest(name, classifier.species)) for name in species)
    name, near = next(((name, near) for name, near in slips if near), (species[0], ""))
    number = counted(len(species), "species", "species")
    problem = f"the classifier knows none of the collection's {number}, such as {name}"
    known = ", ".join(classifier.species[:3]) + ", …" * (len(classifier.species) > 3)
    remedy = f"did you mean {near}? it knows {known}" if near else f"it knows {known}"
    return ComparisonError(problem, f"{remedy}; correct the names, or train one with `finercam train`")


def _confirmed(catalog: Catalog, classifier: Classifier) -> dict[str, Any]:
    """Check the routes on the first image of the catalog that opens; what it said, or nothing if none of a few does."""
    table = catalog.specimens[catalog.specimens["fault"] == ""].head(_TRIED)
    for image_id, place in zip(table["image_id"], image_locations(table), strict=True):
        try:
            pixels = load_pixels(place, classifier.preparation, root=catalog.root or None)
        except ImageError:
            continue
        image = torch.from_numpy(classifier.preparation.normalise(pixels))[None]
        error = classifier.confirm_routes(image)
        if math.isnan(error):
            continue
        return {"image_id": str(image_id), "error": float(f"{error:.1e}") if math.isfinite(error) else None}
    return {}


def _settings(classifier: Classifier, method: str, gamma: float | None, check: dict[str, Any]) -> RunSettings:
    """Everything that determines the numbers of a store."""
    base = base_method(method)
    maps: dict[str, Any] = {"method": base.name, "kind": base.kind}
    if not base.linear:
        maps["gamma"] = float(gamma_for(None, gamma))
    elif gamma is not None:
        problem = f"maps of {base.name} are stored for every gamma, not for {gamma:g} alone"
        raise ComparisonError(problem, "give gamma to evaluate, report, review or export")
    provenance = classifier.provenance
    if not base.by_gradient:
        provenance = replace(provenance, route=base.forwards)
    described = provenance.to_dict()
    preparation, versions = described.pop("preparation"), described.pop("versions")
    return RunSettings.of({
        "classifier": {**described, "species": list(classifier.species)},
        **maps,
        "preparation": preparation,
        "decoding": {"jpeg_reduced_to": REDUCED_TO},
        "versions": versions,
        **({"route_check": check} if check else {}),
    })  # fmt: skip


def shards(chunks: Iterable[Chunk], size: int) -> Iterator[list[Chunk]]:
    """Group chunks, in their order, into shards of at least `size` specimens; the last may be smaller."""
    shard: list[Chunk] = []
    for chunk in chunks:
        shard.append(chunk)
        if sum(map(len, shard)) >= size:
            yield shard
            shard = []
    if shard:
        yield shard
