"""Guesses that know nothing of the pair: `python tests/benchmarks/diagnosis_controls.py DEMO …`.

For every pair of congeners of a rendered collection, which part comes first by density: by the separation of the pair,
by the separation of the same specimens in the evidence of a wrong pair, by what pairs of other species have on average,
by a blob in the middle of the picture, and at random. Prints how often the first part is one that truly differs.
"""

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from finercam_core.diagnosis import Diagnosis
from finercam_core.diagnosis.comparison import by_individual
from finercam_core.evaluate.maps import centred_blob
from finercam_core.evaluate.traits.cover import cover
from finercam_core.evaluate.with_truth.planted_traits import planted_in
from finercam_core.regions.masks import read_mask
from finercam_core.store import open_store

Ranked = dict[str, np.ndarray]


def wrong_pair(diagnosis: Diagnosis, a: str, b: str) -> np.ndarray:
    """Separation of the specimens of A and B by place, in the evidence of two other species; float64 (P,)."""
    here, there = diagnosis.places(a), diagnosis.places(b)
    others = [name for name in here.classes if name in there.classes and name not in (a, b)][:2]
    means = []
    for places in (here, there):
        first, second = (places.values[:, places.classes.index(name)] for name in others)
        means.append(by_individual(first - second, places.groups).mean(0))
    return np.abs(means[0] - means[1])


def blob(diagnosis: Diagnosis, a: str, b: str) -> np.ndarray:
    """Mean of a centred blob by place; float64 (P,)."""
    store, rows = diagnosis.store, []
    grid = (store.provenance.grid[0], store.provenance.grid[1])
    for image_id in (*diagnosis.places(a).image_ids[:4], *diagnosis.places(b).image_ids[:4]):
        mask = read_mask(store, image_id)
        assert mask is not None
        parts = cover(mask, [trait.id for trait in diagnosis.traits], store.preparation, grid)
        rows.append(np.einsum("hw,phw->p", centred_blob(grid), parts.fractions))
    return np.mean(rows, axis=0)


def guesses(diagnosis: Diagnosis, a: str, b: str, rng: np.random.Generator) -> Ranked:
    """Density of each named part by every guess; float64 (traits,)."""
    here, there = diagnosis.places(a), diagnosis.places(b)
    area = (here.area.mean(0) + there.area.mean(0)) / 2
    right = by_individual(_known(here.difference(b)), here.groups).mean(0)
    right = right + by_individual(_known(there.difference(a)), there.groups).mean(0)
    usual = {test.place.trait_id: test.usual for test in diagnosis._with_usual(diagnosis.comparison(a, b)).tests}
    prior = np.array([usual.get(number, 0.0) for number in (-1, 0, *(trait.id for trait in diagnosis.traits))])
    by_name = {"the pair": right, "a wrong pair": wrong_pair(diagnosis, a, b), "other pairs' usual share": prior,
               "a blob": blob(diagnosis, a, b), "random": rng.random(len(area)) * area}  # fmt: skip
    return {
        name: np.divide(values, area, out=np.full(len(area), -np.inf), where=area > 0)[2:]
        for name, values in by_name.items()
    }


def _known(values: np.ndarray | None) -> np.ndarray:
    assert values is not None
    return values


if __name__ == "__main__":
    hits, pairs = defaultdict[str, int](int), 0
    for folder in map(Path, sys.argv[1:]):
        store = open_store(folder / "maps.zarr")
        diagnosis, planted = Diagnosis(store), planted_in(store.images_root)
        generator = np.random.default_rng(0)
        for a, b in diagnosis.pairs:
            true = planted(a, b)
            if a.split()[0] != b.split()[0] or not true:
                continue
            pairs += 1
            for name, density in guesses(diagnosis, a, b, generator).items():
                hits[name] += diagnosis.traits[int(np.argmax(density))].name in true
    for name, count in hits.items():
        print(f"first by {name}: planted in {count} of {pairs} pairs")
