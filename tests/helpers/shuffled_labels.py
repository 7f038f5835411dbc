"""A rendered collection whose labels are true, or dealt out anew: what is learnt from these, and what is found."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from finercam_core.catalog import Catalog, open_catalog
from finercam_core.diagnosis import Diagnosis, PairAnswer
from finercam_core.diagnosis.survey import survey
from finercam_core.diagnosis.with_model.causal import causal_check
from finercam_core.explain import load_classifier
from finercam_core.explain.engine.plan import plan_store, shards
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.images.preparation import Preparation
from finercam_core.store import exclusive, open_store, pending_chunks
from finercam_core.train import train

TAXON = ["scientificName", "genus", "family", "order", "vernacularName", "specificEpithet", "taxonRank"]


def shuffled(catalog: Catalog, seed: int) -> Catalog:
    """The same photographs in the same parts, each with the species of another one drawn at random."""
    rows = catalog.specimens
    order = np.random.default_rng(seed).permutation(len(rows))
    columns = [name for name in TAXON if name in rows]
    dealt = rows.assign(**{name: rows[name].to_numpy()[order] for name in columns})
    return replace(catalog, specimens=dealt)


@dataclass(frozen=True)
class Learnt:
    """What a head on a frozen network learnt, and what its maps are said to show.

    Attributes
    ----------
    train, test : (int, int)
        Photographs that are right, and all.
    answers : list of PairAnswer
        Of all pairs, with the causal check.
    """

    train: tuple[int, int]
    test: tuple[int, int]
    answers: list[PairAnswer]

    def pairs_with(self, word: str) -> int:
        """Pairs with a finding of a word, characters and shortcuts."""
        return sum(any(one.word == word for one in answer.findings) for answer in self.answers)

    @property
    def told_apart(self) -> int:
        """Pairs that the classifier tells apart on held-out specimens, p < 0.05."""
        return sum(one.told_apart.p < 0.05 for one in self.answers)

    def __str__(self) -> str:
        return (
            f"train {self.train[0]} of {self.train[1]} right, test {self.test[0]} of {self.test[1]}; "
            f"{len(self.answers)} pairs: told apart {self.told_apart}, with supported {self.pairs_with('supported')}, "
            f"with suggested {self.pairs_with('suggested')}"
        )


def learn(catalog: Catalog, folder: Path, model: str, references: int = 4, **arguments: object) -> Learnt:
    """Train a head on a frozen network, annotate the held-out photographs, ask all pairs with the causal check.

    Parameters
    ----------
    catalog : Catalog
    folder : Path
        For the classifier and the store.
    model : str
    references : int
    **arguments
        Of `train`.
    """
    report = train(catalog, folder / "classifier", model=model, mode="probe", device="cpu", **arguments)  # type: ignore[arg-type]
    classifier, location = load_classifier(str(folder / "classifier"), device="cpu"), str(folder / "maps.zarr")
    rows = catalog.specimens[catalog.specimens["split"] == "test"].reset_index(drop=True)
    with exclusive(location):
        place = plan_store(location, replace(catalog, specimens=rows), classifier, references=references).location
        for shard in shards(pending_chunks(place), 256):
            annotate_chunks(place, shard, classifier, batch_size=32, decoders=1, processes=False)
    store = open_store(place)
    right = {part: report.accuracy[part] for part in ("train", "test")}
    return Learnt(
        *((round(one.top1 * one.n), one.n) for one in right.values()),
        survey(Diagnosis(store, check=causal_check(store, classifier))),
    )


def rendered_catalog(folder: Path) -> Catalog:
    """Catalog of a rendered collection."""
    from finercam_flows.demo.route import manifest

    (folder / "catalog.toml").write_text(manifest(), encoding="utf-8")
    return open_catalog(folder / "catalog.toml")


TINY = {
    "pretrained": False, "model_args": {"layers": [1, 1, 0, 0], "channels": [24, 48, 48, 48]},
    "preparation": Preparation(64, 96, mode="pad", mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),
}  # fmt: skip
"""A network of random weights for `learn`: its features are enough to tell rendered fish apart."""
