"""FunnyBirds' part interventions on rendered fish: `python tests/benchmarks/part_interventions.py DEMO [--each 4]`.

Some held-out specimens of every species are rendered again without each of their parts, against each of their
congeners. Prints single deletion, the checks of completeness at the threshold that is best for each map, and target
sensitivity (of two congeners, does each map say more of what differs from its own one alone?) for Grad-CAM, the
published γ, γ = 1 and two controls; and in how many pictures the scale bar beside the specimen is not needed.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations
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
    is_independent,
    part_importance,
    single_deletion,
    target_sensitivity,
)
from finercam_core.explain import Classifier
from finercam_core.store import SpecimenRecord, Store
from finercam_core.strengths import GAMMA
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


Maps = dict[str, np.ndarray]


@dataclass
class Tally:
    """What was measured of each map, by its name, and of the classifier."""

    deleted: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    checked: dict[str, list[list[Completeness]]] = field(default_factory=lambda: defaultdict(list))
    sensitive: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    independent: list[bool] = field(default_factory=list)


def maps_against(record: SpecimenRecord, other: str) -> Maps:
    """The compared maps of a specimen against one species."""
    against = record.classes.index(other)
    return {
        "Grad-CAM": pair_map(record, against, 0.0),
        f"Finer-CAM, γ = {GAMMA}": pair_map(record, against, GAMMA),
        "Finer-CAM, γ = 1": pair_map(record, against, 1.0),
        "a blob": centred_blob(grid_of(record)),
        "random": random_map(grid_of(record), record.image_id),
    }


def parts_that_differ(own: str, other: str) -> frozenset[BodyPart]:
    """Parts in which two species truly differ."""
    return frozenset(part for trait in differing_traits(own, other) for part in TRAIT_PARTS[trait])


def measure(store: Store, classifier: Classifier, own: str, congeners: list[str], each: int, tally: Tally) -> None:
    """Intervene on specimens of one species, against its congeners."""
    truth = read_truth(Path(store.images_root))
    rows = store.rows[(store.rows["scientificName"] == own) & (store.rows["split"] == "test")]
    for image_id in sorted(rows["image_id"])[:each]:
        record, index = store.record(image_id), truth["images"][Path(store.place(image_id)).stem]["index"]
        parts, said = render_specimen(own, truth["seed"], index).parts, {}
        for other in congeners:
            margins = PairMargins(classifier, own, other)
            margin = margin_of(store, margins, own, truth["seed"], index)
            if margin(frozenset()) <= 0:
                continue
            with_bar, bare = (render_specimen(own, truth["seed"], index, chance_bars=bars) for bars in (True, False))
            if (with_bar.image != bare.image).any():
                changed = margins([store.preparation.resize(Image.fromarray(bare.image))])[0]
                tally.independent.append(is_independent(margin(frozenset()), float(changed)))
            said[other] = {
                name: part_importance(values, parts, store.preparation, REMOVABLE)
                for name, values in maps_against(record, other).items()
            }
            judge(said[other], margin, parts_that_differ(own, other), tally)
        for first, second in combinations(said, 2):
            one, two = parts_that_differ(own, first), parts_that_differ(own, second)
            for name in said[first]:
                tally.sensitive[name].append(
                    target_sensitivity(said[first][name], said[second][name], one - two, two - one)
                )


def judge(
    said: dict[str, dict[BodyPart, float]], margin: Callable[[frozenset[BodyPart]], float],
    true: frozenset[BodyPart], tally: Tally,
) -> None:  # fmt: skip
    """Single deletion and completeness of the maps of one specimen against one species."""
    for name, importance in said.items():
        drops = {part: margin(frozenset()) - margin(frozenset([part])) for part in importance}
        tally.deleted[name].append(single_deletion(importance, drops))
        if shown := true & set(importance):
            tally.checked[name].append([completeness(importance, shown, margin, t) for t in THRESHOLDS])


def main() -> None:
    """Intervene and print."""
    store, classifier, each = demo_from_arguments(__doc__, "each", 4)
    tally, congeners = Tally(), defaultdict[str, list[str]](list)
    for a, b in Diagnosis(store).pairs:
        if a.split()[0] == b.split()[0]:
            congeners[a].append(b)
            congeners[b].append(a)
    for own, others in sorted(congeners.items()):
        measure(store, classifier, own, sorted(others), each, tally)
        print(f"  {own}: {len(tally.deleted['random'])} comparisons so far", flush=True)
    print(f"{len(tally.deleted['random'])} comparisons of specimens that are right, with congeners")
    for name, values in tally.deleted.items():
        print(f"{name}: single deletion {with_interval(values)}; {best_threshold(tally.checked[name])}; "
              f"target sensitivity {with_interval(tally.sensitive[name])}")  # fmt: skip
    kept = f"{sum(tally.independent)} of {len(tally.independent)}"
    print(f"background: the scale bar is not needed in {kept} comparisons")


def with_interval(values: list[float]) -> str:
    """Mean of what was measured, with its 95 % interval."""
    known = np.array([value for value in values if np.isfinite(value)])
    interval = mean_interval(known)
    return f"{interval.mean:.3f} [{interval.low:.3f}, {interval.high:.3f}], n = {len(known)}"


def best_threshold(samples: list[list[Completeness]]) -> str:
    """Means of the checks at the threshold at which they are best together, in words."""
    means = np.array([
        np.nanmean([(one.synthetic, one.preservation, one.deletion, one.undistracted, one.mean) for one in column], 0)
        for column in zip(*samples, strict=True)
    ])  # fmt: skip
    best = int(means[:, 4].argmax())
    checks = "synthetic data {:.3f}, preservation {:.3f}, deletion {:.3f}, undistracted {:.3f}, together {:.3f}"
    return f"at {THRESHOLDS[best]:.0%} {checks.format(*means[best])}, n = {len(samples)}"


if __name__ == "__main__":
    main()
