"""FunnyBirds' part interventions on rendered fish: `python tests/benchmarks/part_interventions.py DEMO [--each 4]`.

For every pair of congeners some held-out specimens of both are rendered again without each of their parts. Prints
single deletion and the three checks of completeness, at the threshold that is best for each map, for Grad-CAM, the
published γ, γ = 1 and two controls.
"""

from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
from demo_folder import demo_from_arguments
from PIL import Image

from finercam_core.diagnosis import Diagnosis
from finercam_core.diagnosis.with_model.margins import PairMargins
from finercam_core.evaluate.maps import centred_blob, grid_of, pair_map, random_map
from finercam_core.evaluate.statistics.intervals import mean_interval
from finercam_core.evaluate.with_truth.part_interventions import (
    THRESHOLDS,
    Completeness,
    completeness,
    part_importance,
    single_deletion,
)
from finercam_core.finer import GAMMA
from finercam_core.store import Store
from finercam_core.synthetic import differing_traits
from finercam_core.synthetic.parts import TRAIT_PARTS, BodyPart
from finercam_core.synthetic.specimen import REMOVABLE, render_specimen
from finercam_core.synthetic.truth import read_truth


def margin_of(
    store: Store, margins: PairMargins, species: str, seed: int, index: int
) -> Callable[[frozenset[BodyPart]], float]:
    """Margin of a specimen rendered without some parts, each set computed once."""

    @lru_cache
    def margin(without: frozenset[BodyPart]) -> float:
        picture = render_specimen(species, seed, index, without=without).image
        return float(margins([store.preparation.resize(Image.fromarray(picture))])[0])

    return margin


def main() -> None:
    """Intervene and print."""
    store, classifier, each = demo_from_arguments(__doc__, "each", 4)
    truth = read_truth(Path(store.images_root))
    deleted, checked, seen = defaultdict[str, list[float]](list), defaultdict[str, list[list[Completeness]]](list), 0
    diagnosis = Diagnosis(store)
    for pair in diagnosis.pairs:
        if pair[0].split()[0] != pair[1].split()[0]:
            continue
        for own, other in (pair, pair[::-1]):
            margins = PairMargins(classifier, own, other)
            true = {part for trait in differing_traits(own, other) for part in TRAIT_PARTS[trait]}
            rows = store.rows[(store.rows["scientificName"] == own) & (store.rows["split"] == "test")]
            for image_id in sorted(rows["image_id"])[:each]:
                record, index = store.record(image_id), truth["images"][Path(store.place(image_id)).stem]["index"]
                margin = margin_of(store, margins, own, truth["seed"], index)
                if margin(frozenset()) <= 0:
                    continue
                seen += 1
                against = record.classes.index(other)
                maps = {
                    "Grad-CAM": pair_map(record, against, 0.0),
                    f"Finer-CAM, γ = {GAMMA}": pair_map(record, against, GAMMA),
                    "Finer-CAM, γ = 1": pair_map(record, against, 1.0),
                    "a blob": centred_blob(grid_of(record)),
                    "random": random_map(grid_of(record), image_id),
                }
                parts = render_specimen(own, truth["seed"], index).parts
                for name, values in maps.items():
                    importance = part_importance(values, parts, store.preparation, REMOVABLE)
                    drops = {part: margin(frozenset()) - margin(frozenset([part])) for part in importance}
                    deleted[name].append(single_deletion(importance, drops))
                    if shown := true & set(importance):
                        checked[name].append([completeness(importance, shown, margin, t) for t in THRESHOLDS])
        print(f"  {pair[0]} | {pair[1]}: {seen} specimens so far", flush=True)
    print(f"{seen} specimens that are right, in pairs of congeners")
    for name, values in deleted.items():
        known = np.array([value for value in values if np.isfinite(value)])
        interval = mean_interval(known)
        ends = f"[{interval.low:.3f}, {interval.high:.3f}], n = {len(known)}"
        print(f"{name}: single deletion {interval.mean:.3f} {ends}; {best_threshold(checked[name])}")


def best_threshold(samples: list[list[Completeness]]) -> str:
    """Means of the three checks at the threshold at which they are best together, in words."""
    means = np.array([[(one.synthetic, one.preservation, one.deletion) for one in row] for row in samples]).mean(0)
    best = int(means.mean(1).argmax())
    checks = "synthetic data {:.3f}, preservation {:.3f}, deletion {:.3f}".format(*means[best])
    return f"at {THRESHOLDS[best]:.0%} {checks}, n = {len(samples)}"


if __name__ == "__main__":
    main()
