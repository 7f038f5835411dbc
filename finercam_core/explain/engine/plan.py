"""Plan an annotation run: the store that a catalog and a classifier need, and its chunks in shards of work."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from finercam_core.base_methods import DEFAULT_METHOD, base_method
from finercam_core.catalog import Catalog
from finercam_core.catalog.columns import image_locations
from finercam_core.errors import ComparisonError, counted
from finercam_core.explain.engine.decoder_choice import LOOKED_AT, settled_decoder
from finercam_core.explain.engine.precision import IMAGES, LIMIT, AskedExecution, settled
from finercam_core.explain.model.classifier import Classifier
from finercam_core.finer import gamma_for
from finercam_core.images.decoder import REDUCED_TO, load_pixels
from finercam_core.images.faults import ImageError
from finercam_core.images.preparation import Preparation
from finercam_core.references import REFERENCES, Policy
from finercam_core.references.plan import plan_comparisons
from finercam_core.store import Chunk, RunSettings, Store, create_store
from finercam_core.suggestions import closest

# Images that are tried beyond those that are looked at, should some not open.
_MORE_TRIED = 2


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
    execution: AskedExecution | None = None,
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
    execution : AskedExecution, optional
        Precision, memory format and compilation; by default those of the classifier. What is settled is part of the
        run, so that a store never mixes precisions.

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
    checks = _checks(catalog, classifier, method, execution)
    settings = _settings(classifier, method, gamma, {**checks, "decoding": _decoding(catalog, classifier, execution)})
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


def _first_images(catalog: Catalog, preparation: Preparation, count: int) -> Iterator[tuple[str, torch.Tensor]]:
    """Ids and prepared images (3, H, W) of the first specimens of the catalog that open, of a few that are tried."""
    table = catalog.specimens[catalog.specimens["fault"] == ""].head(count + _MORE_TRIED)
    found = 0
    for image_id, place in zip(table["image_id"], image_locations(table), strict=True):
        try:
            pixels = load_pixels(place, preparation, root=catalog.root or None)
        except ImageError:
            continue
        yield str(image_id), torch.from_numpy(preparation.normalise(pixels))
        found += 1
        if found == count:
            return


def _confirmed(classifier: Classifier, images: Sequence[tuple[str, torch.Tensor]]) -> dict[str, Any]:
    """Check the routes on the first image whose scores are finite; what it said, or nothing."""
    for image_id, image in images:
        error = classifier.confirm_routes(image[None])
        if not math.isnan(error):
            found = {"image_id": image_id, "error": _short(error) if math.isfinite(error) else None}
            reasons = {route.not_in_double for route in classifier.routes} - {""}
            return {**found, "not_in_double": "; ".join(sorted(reasons))} if reasons else found
    return {}


def _checks(catalog: Catalog, classifier: Classifier, method: str, asked: AskedExecution | None) -> dict[str, Any]:
    """Check route and precision on the first images, and have the classifier run as it was settled."""
    automatic = asked is not None and asked.precision == "auto" and asked.on_gpu
    by_gradient = base_method(method).by_gradient
    count = IMAGES if automatic else 1
    images = list(_first_images(catalog, classifier.preparation, count)) if automatic or by_gradient else []
    route_check = _confirmed(classifier, images) if by_gradient else {}
    if asked is None:
        return {"route_check": route_check} if route_check else {}
    outcome = settled(asked, classifier, [image for _, image in images])
    classifier.run_as(outcome.execution)
    precision_check = {} if outcome.error is None else {"error": _short(outcome.error), "limit": LIMIT}
    if asked.on_gpu:  # convolutions in float32 run in TF32 where torch allows it
        precision_check["tf32"] = bool(torch.backends.cudnn.allow_tf32)
    checks = {"route_check": route_check, "precision_check": precision_check}
    return {name: check for name, check in checks.items() if check}


def _decoding(catalog: Catalog, classifier: Classifier, asked: AskedExecution | None) -> dict[str, Any]:
    """How the run's pixels are made; runs of Pillow alone are as they were before there was a choice."""
    reduced = {"jpeg_reduced_to": REDUCED_TO}
    if asked is None:
        return reduced
    table = catalog.specimens[catalog.specimens["fault"] == ""].head(LOOKED_AT)
    places, root = image_locations(table).tolist(), catalog.root or None
    found = settled_decoder(asked.decoder, asked.on_gpu, places, root, classifier.preparation)
    return reduced if found == "cpu" else {**reduced, "decoder": found}


def _short(value: float) -> float:
    return float(f"{value:.1e}")


def _settings(classifier: Classifier, method: str, gamma: float | None, checks: dict[str, Any]) -> RunSettings:
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
        "versions": versions,
        **checks,
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
