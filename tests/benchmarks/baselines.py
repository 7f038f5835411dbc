"""Baselines on the rendered truth: ``python tests/benchmarks/baselines.py --in FOLDER --seeds 0 7 11``.

For each setting (size of the input, layer, method: `sharper/settings.py`) the demo is rendered, trained and annotated
with each seed; what the folder holds is kept. For every baseline: the energy in the true region and the trait rank of
the test specimens against each congener, as means over the seeds, with the smallest and the largest.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from sharper.settings import SETTINGS, accuracy_of, store_of

from finercam_core.baselines import BASELINES, LINEAR, LOOKED_THROUGH
from finercam_core.evaluate.statistics.map_figures import energy_share
from finercam_core.evaluate.with_truth.planted_traits import planted_in, rendered_truth
from finercam_core.finer import coefficients, gamma_for
from finercam_core.images.preparation import to_image
from finercam_core.regions.masks import read_mask
from finercam_core.store import SpecimenRecord, Store
from finercam_core.store.backgrounds import Backgrounds
from finercam_core.strengths import Baseline
from finercam_core.synthetic.parts import MASK_NAMES

Figures = dict[Baseline, tuple[float, float, float]]


def main() -> None:
    options = parse()
    table = Table("setting", "grid", "right", "baseline", "linear", "energy in the true region", "trait first", "rank")
    table.title = f"seeds {options.seeds}, {options.specimens} test specimens each, each against its congeners"
    for name in options.settings:
        stores = [store_of(options.folder, seed, SETTINGS[name]) for seed in options.seeds]
        right = np.mean([accuracy_of(options.folder, seed, SETTINGS[name]) for seed in options.seeds])
        found = [figures(store, options.gamma, options.specimens) for store in stores]
        grid = " × ".join(map(str, stores[0].provenance.grid))
        for baseline in found[0]:
            energies, firsts, ranks = ([one[baseline][i] for one in found] for i in range(3))
            linear = "yes" if baseline in LINEAR and stores[0].provenance.compared_at is None else "no"
            row = (name, grid, f"{right:.2f}", baseline, linear, in_words(energies), f"{np.mean(firsts):.2f}",
                   f"{np.mean(ranks):.2f}")  # fmt: skip
            table.add_row(*row)
            print(*row, sep=" | ", flush=True)
    Console(width=140).print(table)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--in", dest="folder", type=Path, default=Path("build/sharper"))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 7, 11])
    parser.add_argument("--settings", nargs="+", choices=list(SETTINGS), default=list(SETTINGS))
    parser.add_argument("--gamma", type=float, default=0.6)
    parser.add_argument("--specimens", type=int, default=30)
    return parser.parse_args()


def in_words(values: list[float]) -> str:
    return f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def figures(store: Store, gamma: float, count: int) -> Figures:
    """By baseline: mean energy in the true region, share of the pairs whose planted trait is first, its mean rank."""
    truth, planted, backgrounds = rendered_truth(store), planted_in(store.images_root), Backgrounds(store)
    tests = store.rows[store.rows["split"] == "test"].index.tolist()
    linear = store.provenance.compared_at is None
    names = [baseline for baseline in BASELINES if linear or baseline not in LOOKED_THROUGH]
    energy, density = defaultdict(list), defaultdict(list)
    for record in [store.record(str(image_id)) for image_id in tests[:: max(1, len(tests) // count)]]:
        mask = read_mask(store, record.image_id)
        for index in [i for i, tier in enumerate(record.tiers) if tier == "congener"]:
            region = truth.of(record.image_id, record.classes[index])
            size = (region.shape[1], region.shape[0])
            maps = np.stack([shown(record, index, gamma, name, backgrounds) for name in names])
            large = to_image(maps, store.preparation.window(size), size)
            for name, share, one in zip(names, energy_share(large, region), large, strict=True):
                energy[name].append(float(share))
                if mask is not None:
                    density[name, record.scientificName, record.classes[index]].append(dense(one, mask))
    return {name: (float(np.mean(energy[name])), *trait_figures(density, name, planted)) for name in names}


def shown(record: SpecimenRecord, index: int, gamma: float, baseline: Baseline, backgrounds: Backgrounds) -> np.ndarray:
    """The positive part of a comparison with one reference above a baseline, (h, w)."""
    at = gamma_for(record.compared_at, gamma)
    use = np.arange(len(record.classes)) == index
    compared = record.compared_at
    weights = coefficients(record.logit, record.log_sum_exp, gamma=at, use=use, compared_at=compared)
    return np.maximum(backgrounds.above(record, weights, at, baseline).values, 0)


def dense(large: np.ndarray, mask: np.ndarray) -> dict[str, float]:
    """Density of a map in each part: its mean there over its mean everywhere."""
    mean = float(large.mean()) or 1.0
    return {MASK_NAMES[int(part)]: float(large[mask == part].mean()) / mean for part in np.unique(mask) if part}


def trait_figures(density: dict, baseline: Baseline, planted) -> tuple[float, float]:  # type: ignore[no-untyped-def,type-arg]
    """Share of the pairs in which the densest part, over all specimens, is a planted one; and its mean rank."""
    ranks = []
    for (name, species, other), parts in density.items():
        differing = planted(species, other)
        if name == baseline and differing:
            means = {part: np.mean([one[part] for one in parts if part in one]) for one in parts for part in one}
            order = sorted(means, key=lambda part: -means[part])
            # A planted part that no mask shows comes behind all that are shown.
            ranks.append(1 + min((order.index(part) for part in differing if part in order), default=len(order)))
    return (float(np.mean([rank == 1 for rank in ranks])), float(np.mean(ranks))) if ranks else (np.nan, np.nan)


if __name__ == "__main__":
    main()
