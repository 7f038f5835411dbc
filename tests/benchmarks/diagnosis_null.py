"""Pairs that do not differ: one species dealt into two at random, and a head trained to tell them apart.

    python tests/benchmarks/diagnosis_null.py STORE --classifier CLASSIFIER [--pairs 200] [--cells] [--mixed]

Half of the specimens of each false species train a linear head on the classifier's own features; the other half is
asked, with everything that `finercam ask` does. Rate of p < 0.05, of *suggested* and of *supported* (at most 5 % is
promised). As no other pair says what is usual, the prior is not measured, and what would be *supported* is
*suggested*. With ``--mixed`` two species of one genus are thrown together first: a leak test, as labels of training
and test are shuffled.
"""

import argparse
from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import binomtest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import nn

from finercam_core.diagnosis import Diagnosis
from finercam_core.diagnosis.held_out import Witnesses
from finercam_core.diagnosis.places import Floats, SpeciesPlaces, by_cell, by_part
from finercam_core.diagnosis.with_model.causal import CausalCheck
from finercam_core.explain import Classifier, load_classifier
from finercam_core.explain.model.layers import linear_head
from finercam_core.store import Store, open_store

HALVES = ("false A", "false B")


@dataclass(frozen=True)
class Observed:
    """What one pass over some specimens gives.

    Attributes
    ----------
    image_ids : list of str
    pooled : float64 array (n, C)
        Features that the head receives.
    channels : float64 array (n, C, P)
        Each channel of the target layer by place, so that evidence is the head's weights times it.
    area : float64 array (n, P)
    """

    image_ids: list[str]
    pooled: Floats
    channels: Floats
    area: Floats


class ChannelRecords:
    """A store whose records hold the target layer's channels instead of evidence, so that places are read as ever."""

    def __init__(self, store: Store, classifier: Classifier) -> None:
        self._store, self._classifier = store, classifier
        self.pooled: dict[str, Floats] = {}

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def record(self, image_id: str) -> object:
        """Record of a specimen with channels (C, h, w) in place of the classes."""
        from dataclasses import replace

        pixels = self._classifier.preparation(self._store.image(image_id))
        with torch.no_grad():
            activation, _ = self._classifier.route.forward(torch.from_numpy(pixels[None]))
        values = activation[0].numpy()
        self.pooled[image_id] = values.mean((1, 2)).astype(np.float64)
        names = tuple(f"channel {i}" for i in range(len(values)))
        return replace(self._store.record(image_id), evidence=values, classes=names, logit=np.zeros(len(values)))


def observe(store: Store, classifier: Classifier, species: str, cells: bool) -> Observed:
    """One pass over all specimens of a species, whatever their split."""
    records = ChannelRecords(store, classifier)
    rows = store.rows[store.rows["scientificName"] == species]
    places = (by_cell if cells else by_part)(records, rows)  # type: ignore[arg-type]
    pooled = np.stack([records.pooled[image_id] for image_id in places.image_ids])
    return Observed(list(places.image_ids), pooled, places.values, places.area)


def joined(parts: list[Observed]) -> Observed:
    """Specimens of several species together."""
    return Observed(
        [image_id for part in parts for image_id in part.image_ids],
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ("pooled", "channels", "area")),
    )


def fitted(pooled: Floats, labels: np.ndarray) -> tuple[Floats, Floats]:
    """Weights (2, C) and biases (2,) of a linear head, strongly penalised as a probe of few specimens must be."""
    scale = StandardScaler().fit(pooled)
    model = LogisticRegression(C=0.1, max_iter=500).fit(scale.transform(pooled), labels)
    weight = model.coef_[0] / scale.scale_
    bias = float(model.intercept_[0] - weight @ scale.mean_)
    return np.stack([-weight, weight]) / 2, np.array([-bias, bias]) / 2


def with_head(classifier: Classifier, weight: Floats, bias: Floats) -> Classifier:
    """The classifier with a head for the two false species."""
    import copy

    model = copy.deepcopy(classifier.model)
    old = linear_head(model)
    assert old is not None
    head = nn.Linear(weight.shape[1], 2)
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(weight))
        head.bias.copy_(torch.from_numpy(bias))
    name = next(name for name, module in model.named_modules() if module is old)
    parent, _, last = name.rpartition(".")
    setattr(model.get_submodule(parent), last, head)
    return Classifier(model, HALVES, classifier.target_layer, classifier.preparation)


def dealt(
    store: Store, classifier: Classifier, observed: Observed, cells: bool, rng: np.random.Generator
) -> tuple[float, float, list[str]]:
    """One false pair: p of the margin, smallest p of a place, and words of the characters and shortcuts found."""
    n = len(observed.image_ids)
    order = rng.permutation(n)
    labels = np.zeros(n, int)
    labels[order[: n // 2]] = 1
    train = np.zeros(n, bool)
    for label in (0, 1):
        own = rng.permutation(np.flatnonzero(labels == label))
        train[own[: len(own) // 2]] = True
    weight, bias = fitted(observed.pooled[train], labels[train])
    diagnosis = Diagnosis(store, not cells, CausalCheck(store, with_head(classifier, weight, bias)))
    diagnosis.__dict__["pairs"] = []
    diagnosis.__dict__["asked"] = Witnesses(store.rows, True, "dealt at random", True)
    for label, name in enumerate(HALVES):
        test = np.flatnonzero((labels == label) & ~train)
        order_of = [label, 1 - label]
        values = np.einsum("kc,ncp->nkp", weight[order_of], observed.channels[test])
        logits = observed.pooled[test] @ weight[order_of].T + bias[order_of]
        names = (name, HALVES[1 - label])
        ids = tuple(observed.image_ids[i] for i in test)
        diagnosis._places[name] = SpeciesPlaces(
            name, names, values, logits, observed.area[test], ids, (-1,) * len(ids), ids, {}, None
        )
    answer = diagnosis.answer(*HALVES)
    words = [f"{one.word}{' shortcut' if one.shortcut else ''}: {one.test.place.name}" for one in answer.findings
             if one.word != "not supported"]  # fmt: skip
    # Without masks only significant cells make places: where there are none, p is that of no place.
    smallest = min((one.test.p for one in answer.findings if not one.shortcut), default=1.0)
    return answer.told_apart.p, smallest, words


def rate(count: int, n: int) -> str:
    """A share with its interval."""
    ends = binomtest(count, n).proportion_ci(method="wilson")
    return f"{count} of {n} ({count / n:.1%} [{ends.low:.1%}, {ends.high:.1%}])"


def deal_all(
    store: Store, classifier: Classifier, pairs: int, least: int, cells: bool = False, mixed: bool = False
) -> None:
    """Deal so many false pairs from species with enough specimens, count what is found, and print it."""
    counts = store.rows["scientificName"].value_counts()
    species = sorted(counts[counts >= least].index)
    if not species:
        raise SystemExit(
            f"no species has {least} specimens, the most are {counts.max()}: give --least, or another store"
        )
    seen = {name: observe(store, classifier, name, cells) for name in species}
    pools = list(seen.values())
    if mixed:
        pools = [joined([seen[a], seen[b]]) for a in species for b in species if a < b and a.split()[0] == b.split()[0]]
    rng, found = np.random.default_rng(0), Counter[str]()
    for i in range(pairs):
        told, smallest, words = dealt(store, classifier, pools[i % len(pools)], cells, rng)
        found["told apart"] += told < 0.05
        found["a place with p < 0.05"] += smallest < 0.05
        found["supported"] += any(word.startswith("supported:") for word in words)
        found["suggested"] += any(word.startswith("suggested:") for word in words)
        found["shortcut"] += any("shortcut" in word for word in words)
        found["anything"] += bool(words)
        if words:
            print(f"  pair {i}: margin p = {told:.3g}; {'; '.join(words)}", flush=True)
    print(f"{len(species)} species, {pairs} false pairs")
    for name in ("told apart", "a place with p < 0.05", "supported", "suggested", "shortcut", "anything"):
        print(f"{name}: {rate(found[name], pairs)}")


def main() -> None:
    """Deal and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store")
    parser.add_argument("--classifier", required=True)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--least", type=int, default=24, help="specimens that a species must have")
    parser.add_argument("--cells", action="store_true")
    parser.add_argument("--mixed", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    store, classifier = open_store(arguments.store), load_classifier(arguments.classifier, device="cpu")
    deal_all(store, classifier, arguments.pairs, arguments.least, arguments.cells, arguments.mixed)


if __name__ == "__main__":
    main()
