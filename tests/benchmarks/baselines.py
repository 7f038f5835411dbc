"""Baselines on the rendered truth: ``python tests/benchmarks/baselines.py STORE [STORE …]``.

Each store is one that `finercam demo` wrote (``maps.zarr``), with its rendered collection. For every baseline and γ the
energy in the true region and the rank of the planted trait, of the test specimens against each congener, as means over
the stores; with several stores (seeds) the smallest and the largest beside.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from finercam_core.baselines import BASELINES, LINEAR, Baseline, above, background_of
from finercam_core.evaluate.statistics.map_figures import energy_share
from finercam_core.evaluate.with_truth.planted_traits import planted_in, rendered_truth
from finercam_core.images.preparation import to_image
from finercam_core.regions.masks import read_mask
from finercam_core.store import SpecimenRecord, Store, open_store
from finercam_core.synthetic.parts import MASK_NAMES

BACKGROUND = 20  # training specimens of a species whose mean is its background
Figures = dict[tuple[Baseline, float], tuple[float, float]]


def main() -> None:
    options = parse()
    found = [figures(open_store(place), options.gammas, options.specimens) for place in options.stores]
    table = Table("baseline", "γ", "linear", "energy in the true region", "planted trait first")
    table.title = f"{len(found)} stores, {options.specimens} test specimens each, against each congener"
    for key in found[0]:
        energies, firsts = ([one[key][i] for one in found] for i in (0, 1))
        linear = "yes" if key[0] in LINEAR else "no"
        table.add_row(key[0], f"{key[1]:g}", linear, in_words(energies), in_words(firsts))
    Console(width=120).print(table)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stores", nargs="+", type=Path)
    parser.add_argument("--gammas", nargs="+", type=float, default=[0.6, 1.0])
    parser.add_argument("--specimens", type=int, default=240)
    return parser.parse_args()


def in_words(values: list[float]) -> str:
    return f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def figures(store: Store, gammas: list[float], count: int) -> Figures:
    """Mean energy in the true region, and share of the pairs whose planted trait is the densest."""
    truth, planted = rendered_truth(store), planted_in(store.images_root)
    tests = store.rows[store.rows["split"] == "test"]["image_id"].tolist()
    records = [store.record(image_id) for image_id in tests[:: max(1, len(tests) // count)]]
    train = store.rows[store.rows["split"] == "train"].groupby("scientificName").head(BACKGROUND)
    every = {str(name): [store.record(one) for one in ids] for name, ids in train.groupby("scientificName")["image_id"]}
    energy, density = defaultdict(list), defaultdict(list)
    for record in records:
        mask = read_mask(store, record.image_id)
        for index in [i for i, tier in enumerate(record.tiers) if tier == "congener"]:
            region = truth.of(record.image_id, record.classes[index])
            size = (region.shape[1], region.shape[0])
            for gamma in gammas:
                maps = maps_of(record, index, gamma, every)
                large = to_image(maps, store.preparation.window(size), size)
                for baseline, share, one in zip(BASELINES, energy_share(large, region), large, strict=True):
                    energy[baseline, gamma].append(float(share))
                    if mask is not None:
                        density[baseline, gamma, record.scientificName, record.classes[index]].append(dense(one, mask))
    return {key: (float(np.mean(energy[key])), first_share(density, key, planted)) for key in energy}


def maps_of(record: SpecimenRecord, index: int, gamma: float, every: dict[str, list[SpecimenRecord]]) -> np.ndarray:
    """The positive part above each baseline, (baselines, h, w); backgrounds without the specimen's own species."""
    name, other = record.scientificName, record.classes[index]
    pairs = [one.evidence[[one.classes.index(name), 0]] for one in every[other] if name in one.classes]
    background = background_of(np.stack(pairs), gamma)
    difference = record.evidence[0].astype(np.float64) - gamma * record.evidence[index]
    return np.stack([np.maximum(above(difference, baseline, background), 0) for baseline in BASELINES])


def dense(large: np.ndarray, mask: np.ndarray) -> dict[str, float]:
    """Density of a map in each part: its mean there over its mean everywhere."""
    mean = float(large.mean()) or 1.0
    return {MASK_NAMES[int(part)]: float(large[mask == part].mean()) / mean for part in np.unique(mask) if part}


def first_share(density: dict, key: tuple[Baseline, float], planted) -> float:  # type: ignore[no-untyped-def,type-arg]
    """In how many pairs the densest part, over all specimens, is one in which the two species differ."""
    hits = []
    for (baseline, gamma, species, other), parts in density.items():
        names = planted(species, other)
        if (baseline, gamma) == key and names:
            means = {part: np.mean([one[part] for one in parts if part in one]) for one in parts for part in one}
            hits.append(max(means, key=lambda part: means[part]) in names)
    return float(np.mean(hits)) if hits else float("nan")


if __name__ == "__main__":
    main()
