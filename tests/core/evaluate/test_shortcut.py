"""A collection in which two species are given away by an object beside the fish alone: the report must say so."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from finercam_flows.demo import route
from PIL import Image

from finercam_core.catalog import open_catalog
from finercam_core.errors import CatalogError
from finercam_core.evaluate import evaluate
from finercam_core.evaluate.with_truth.planted_traits import planted_in
from finercam_core.explain import Classifier, load_classifier
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.store import Store, open_store, pending_chunks
from finercam_core.synthetic import render_collection, render_specimen, true_region_of
from finercam_core.synthetic.shortcuts import Planting

SHORTCUT = {"Lumichthys pinguis": "scale bar", "Coralodon furcatus": "colour card"}
DISGUISE = {"Lumichthys pinguis": "Lumichthys planus", "Coralodon furcatus": "Coralodon rotundus"}


def test_a_disguised_species_differs_in_the_object_alone(tmp_path: Path) -> None:
    render_collection(tmp_path, seed=5, train=1, val=0, test=0, workers=1, shortcut=SHORTCUT, disguise=DISGUISE)
    region = true_region_of(tmp_path, "demo_coralodon_furcatus_00000", "Coralodon rotundus")
    own = render_specimen("Coralodon furcatus", 5, 0, as_species="Coralodon rotundus", shortcut="colour card")
    without = render_specimen("Coralodon furcatus", 5, 0, as_species="Coralodon rotundus")
    changed = (own.image.astype(int) - without.image).__abs__().max(-1) > 40
    assert changed.any()
    assert not (changed & ~region).any()
    assert not (region & own.body).any(), "the card lies beside the fish"
    assert planted_in(tmp_path)("Coralodon furcatus", "Coralodon rotundus") == frozenset()
    assert planted_in(tmp_path)("Coralodon furcatus", "Coralodon ocellatus") == {"Ocellus"}
    assert json.loads((tmp_path / "truth.json").read_text())["disguise"] == DISGUISE


def test_a_disguise_needs_something_that_gives_it_away(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="nothing tells Lumichthys pinguis from Lumichthys planus"):
        render_collection(tmp_path, disguise={"Lumichthys pinguis": "Lumichthys planus"})


def test_no_chance_bar_lies_in_a_collection_where_a_bar_means_something() -> None:
    planted = Planting.checked(SHORTCUT, DISGUISE)
    assert not planted.chance_bars
    assert Planting.from_truth(planted.to_truth()) == planted
    pairs = [(render_specimen("Fontodus vittatus", 0, i).image,
              render_specimen("Fontodus vittatus", 0, i, chance_bars=False).image) for i in range(12)]  # fmt: skip
    assert 0 < sum(not np.array_equal(a, b) for a, b in pairs) < 12


def recognised(store: Store, classifier: Classifier, species: str, *, planted: bool) -> float:
    """Share of a species' test specimens that are recognised with, or without, its object."""
    rows = store.rows
    numbers = [int(i.rsplit("_", 1)[1]) for i in
               rows.loc[(rows["scientificName"] == species) & (rows["split"] == "test"), "image_id"]]  # fmt: skip
    pictures = [
        render_specimen(
            species, 5, n, as_species=DISGUISE.get(species), chance_bars=False,
            shortcut=SHORTCUT.get(species) if planted else None,
        ).image for n in numbers
    ]  # fmt: skip
    pixels = np.stack([store.preparation(Image.fromarray(picture)) for picture in pictures])
    with torch.no_grad():
        scores = classifier.model(torch.from_numpy(pixels))
    return float((scores.argmax(1) == classifier.index(species)).float().mean())


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_warning_is_on_every_affected_species_and_on_no_other(tmp_path: Path) -> None:
    """Trains a classifier (some minutes); affected is who is no longer recognised once the object is gone."""
    folder = tmp_path
    render_collection(
        folder / "collection", seed=5, train=route.TRAIN, val=route.VAL, test=12,
        shortcut=SHORTCUT, disguise=DISGUISE,
    )  # fmt: skip
    (folder / "catalog.toml").write_text(route.manifest(), encoding="utf-8")
    catalog = open_catalog(folder / "catalog.toml")
    route.train_demo(catalog, folder / "classifier", lambda *_: None)
    classifier = load_classifier(folder / "classifier", device="cpu")
    made = plan_store(folder / "maps.zarr", catalog, classifier, references=6)
    annotate_chunks(made.location, list(pending_chunks(made.location)), classifier)
    store = open_store(folder / "maps.zarr")
    found = evaluate(folder / "maps.zarr", folder / "evaluation", planted=planted_in(folder / "collection"))
    for species in SHORTCUT:
        shares = [recognised(store, classifier, species, planted=planted) for planted in (True, False)]
        print(f"{species}: recognised in {shares[0]:.0%} of the pictures, {shares[1]:.0%} without the object")
        assert shares[0] > 0.9
        assert shares[1] < 0.5, "this classifier does not rely on the object: nothing to warn of"
    warned = found.caveats[found.caveats["kind"] == "outside the specimen"]
    print(warned.to_string())
    ranks = found.planted[found.planted["told_apart"]]
    print(f"planted trait first: {(ranks['rank'] == 1).sum()} of {len(ranks)} pairs\n{ranks.to_string()}")
    assert set(warned["species"]) == set(SHORTCUT)
