"""Cross-fitting: every image is judged by a head that never saw it, nor its group, nor a copy of it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import timm
import torch
from safetensors.torch import load_file
from tolerances import assert_stored

from finercam_core.catalog import open_catalog
from finercam_core.errors import TrainingError
from finercam_core.evaluate import evaluate
from finercam_core.evaluate.with_model.faithfulness import faithfulness
from finercam_core.evaluate.with_model.sanity import weight_randomisation
from finercam_core.explain import Classifier, explain, load_classifier
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.images.decoder import load_pixels
from finercam_core.images.preparation import Preparation
from finercam_core.parts import NO_FOLD
from finercam_core.store import Store, open_store, pending_chunks
from finercam_core.train import FinetuneSettings, train
from finercam_core.train.data import TrainingData
from finercam_core.train.probe.folds import cross_fit, deal_folds
from finercam_core.train.settings import ProbeSettings

SMALL = {"channels": [8, 16, 16, 16], "layers": [1, 1, 0, 0], "stem_width": 8}
COUNTS = {"Aus bus": 8, "Aus cus": 7, "Eus fus": 1}
Make = Callable[[Path, dict[str, int]], Path]


def memorable(copies: int, seed: int = 0) -> tuple[np.ndarray, TrainingData]:
    """Features in so many dimensions that a head remembers them all, with labels dealt at random; each image `copies`
    times under other names."""
    rng = np.random.default_rng(seed)
    kinds = 200 // copies
    features = np.repeat(rng.normal(size=(kinds, 300)), copies, 0).astype(np.float32)
    labels = np.repeat(rng.permutation(np.arange(kinds) % 4), copies)
    pixels = np.repeat(rng.integers(0, 255, (kinds, 2, 2, 3), np.uint8), copies, 0)
    names = tuple(f"i{n}" for n in range(len(labels)))
    split = np.full(len(labels), "train")
    return features, TrainingData(pixels, labels, split, ("a", "b", "c", "d"), names, names, {}, {}, ())


@pytest.mark.parametrize("copies", [1, 2])
def test_with_shuffled_labels_accuracy_falls_to_chance(copies: int) -> None:
    features, data = memorable(copies)
    folds = deal_folds(data, 5)
    found = cross_fit(features, data, folds, ProbeSettings(strengths=(1.0, 100.0)))
    remembered = found.whole.scores(torch.from_numpy(features)).numpy().argmax(1) == data.labels
    assert remembered.mean() > 0.95, "the head must be able to leak for this to be a test"
    judged = (found.scores.argmax(1) == data.labels)[::copies]
    # Four standard deviations of a share of 1/4.
    assert abs(judged.mean() - 0.25) < 4 * np.sqrt(0.25 * 0.75 / len(judged))


def test_the_leak_test_would_notice_copies_in_different_folds() -> None:
    features, data = memorable(2)
    by_image = np.arange(len(data.labels)) % 5
    found = cross_fit(features, data, by_image, ProbeSettings(strengths=(1.0, 100.0)))
    assert (found.scores.argmax(1) == data.labels).mean() > 0.9


def test_what_belongs_together_is_in_one_fold_and_species_are_spread() -> None:
    _, data = memorable(2)
    groups = tuple(f"specimen {n // 3}" for n in range(len(data.labels)))
    data = replace(data, groups=groups, labels=(np.arange(len(groups)) // 3) % 4)
    folds = deal_folds(data, 4)
    table = pd.DataFrame({"group": groups, "fold": folds, "copy": np.arange(len(groups)) // 2, "label": data.labels})
    for key in ("group", "copy"):
        assert (table.groupby(key)["fold"].nunique() == 1).all()
    assert set(folds) <= {NO_FOLD, 0, 1, 2, 3}
    single = replace(data, labels=np.r_[3, np.arange(1, len(groups)) % 3], groups=data.image_ids)
    single = replace(single, pixels=np.random.default_rng(1).integers(0, 255, (len(groups), 2, 2, 3), np.uint8))
    dealt = deal_folds(single, 5)
    assert dealt[0] == NO_FOLD, "a species of one specimen cannot be held out"
    for label in range(3):
        assert np.ptp(np.bincount(dealt[single.labels == label], minlength=5)) <= 1


@pytest.fixture(scope="module")
def made(make_collection: Make, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Classifier, Store]:
    """A collection, a classifier cross-fitted in three folds, in double precision, and its store."""
    folder = tmp_path_factory.mktemp("folds")
    catalog = make_collection(folder / "photos", COUNTS)
    crossed(catalog, folder / "classifier")
    found = load_classifier(folder / "classifier", device="cpu")
    found.model.double()
    store = plan_store(folder / "maps.zarr", open_catalog(catalog), found)
    first, *rest = pending_chunks(store.location)
    annotate_chunks(store.location, [first], found, batch_size=5)
    assert [chunk.group for chunk in pending_chunks(store.location)] == [chunk.group for chunk in rest]
    annotate_chunks(store.location, list(pending_chunks(store.location)), found, batch_size=5)
    return catalog, folder / "classifier", found, open_store(store.location)


def crossed(catalog: Path, folder: Path, **changes: object):
    options = {"model": "resnet10t", "model_args": SMALL, "pretrained": False, "device": "cpu", "folds": 3, **changes}
    return train(open_catalog(str(catalog)), folder, preparation=Preparation(32, 48), **options)  # type: ignore[arg-type]


def test_the_evidence_of_each_specimen_is_that_of_its_folds_head_alone(
    made: tuple[Path, Path, Classifier, Store],
) -> None:
    _, folder, _, store = made
    heads = load_file(folder / "folds.safetensors")
    assert sorted(set(store.rows["fold"])) == [NO_FOLD, 0, 1, 2]
    for fold in (NO_FOLD, 0, 1, 2):
        # timm reads the folder by itself, and the head is put in by hand.
        model = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
        if fold != NO_FOLD:
            model.fc.weight.data, model.fc.bias.data = heads["weight"][fold], heads["bias"][fold]
        alone = Classifier(model.double(), made[2].species, made[2].target_layer, made[2].preparation)
        for image_id in store.rows.index[store.rows["fold"] == fold]:
            record = store.record(image_id)
            assert record.fold == fold
            pixels = load_pixels(store.place(image_id), store.preparation, root=store.images_root)
            image = torch.from_numpy(store.preparation.normalise(pixels[None])).double()
            expected = explain(alone, image, [[alone.index(name) for name in record.classes]])
            assert_stored(record.evidence, expected.evidence[0], np.float16)
            assert_stored(record.log_sum_exp, expected.logits.logsumexp(1)[0], np.float32)
    weights = heads["weight"].flatten(1)
    assert len({tuple(row.tolist()) for row in weights}) == 3


def test_all_images_are_held_out_but_those_of_a_species_with_one_specimen(
    made: tuple[Path, Path, Classifier, Store], tmp_path: Path
) -> None:
    store = made[3]
    assert store.rows.groupby("scientificName")["part"].unique().map(list).to_dict() == {
        "Aus bus": ["test"], "Aus cus": ["test"], "Eus fus": ["train"],
    }  # fmt: skip
    assert store.provenance.parts is not None
    assert store.provenance.parts.folds == 3
    assert store.provenance.classifier.folds == {"count": 3, "sha256": made[2].heads.sha256}  # type: ignore[union-attr]
    judged = evaluate(store.location, tmp_path)
    assert judged.specimens["image_id"].nunique() == 15
    assert "15 images, each by a head that was trained without it and without its group" in str(
        judged.protocol["judged"]
    )
    training = json.loads((made[1] / "training.json").read_text())
    assert (training["folds"], training["trained_on"], training["images"]["test"]) == (3, 16, 15)
    assert judged.accuracy["correct"].sum() == round(training["accuracy"]["test"]["top1"] * 15)
    confusions = made[1] / "confusions.csv"
    wrong = int(pd.read_csv(confusions)["images"].sum()) if confusions.exists() else 0
    assert wrong == 15 - judged.accuracy["correct"].sum()
    assert "Cross-fitted in 3 folds" in (made[1] / "README.md").read_text()


def test_new_images_are_explained_by_the_head_that_all_images_made(
    made: tuple[Path, Path, Classifier, Store], make_collection: Make, tmp_path: Path
) -> None:
    found = made[2]
    store = plan_store(tmp_path / "maps.zarr", open_catalog(make_collection(tmp_path / "new", {"Aus bus": 10})), found)
    assert store.rows["fold"].tolist()[8:] == [NO_FOLD, NO_FOLD]
    assert store.rows["fold"].tolist()[:8] == made[3].rows["fold"].tolist()[:8]
    assert found.for_fold(NO_FOLD) is found
    assert found.for_fold(1).model.conv1 is not found.model.conv1
    assert found.for_fold(1).model.bn1.weight is found.model.bn1.weight, "the backbone is in memory once"


def test_checks_with_the_classifier_use_the_heads_of_the_folds(
    made: tuple[Path, Path, Classifier, Store], tmp_path: Path
) -> None:
    catalog, folder, _, _ = made
    found = load_classifier(folder, device="cpu")
    store = plan_store(tmp_path / "maps.zarr", open_catalog(catalog), found)
    annotate_chunks(store.location, [next(iter(pending_chunks(store.location)))], found)
    assert weight_randomisation(store.location, found, limit=6)["similarity"].iloc[0] > 0.99
    report = faithfulness(store.location, found, steps=2, limit=3)
    assert report.judged == 2, "the third was not computed"
    (folder / "folds.safetensors").rename(folder / "hidden")
    try:
        bare = load_classifier(folder, device="cpu")
        with pytest.raises(Exception, match="not the one that the store was made with"):
            faithfulness(store.location, bare, steps=2, limit=3)
    finally:
        (folder / "hidden").rename(folder / "folds.safetensors")


def test_a_run_again_needs_no_forward_pass_and_gives_the_same_heads(
    made: tuple[Path, Path, Classifier, Store], tmp_path: Path
) -> None:
    catalog, folder, _, _ = made
    again = crossed(catalog, tmp_path / "again", cache=folder.parent / "features.zarr").folder
    training = json.loads((again / "training.json").read_text())
    assert training["forward_passes"] == 0
    assert (again / "folds.safetensors").read_bytes() == (folder / "folds.safetensors").read_bytes()
    assert (again / "images.csv").read_bytes() == (folder / "images.csv").read_bytes()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"mode": "finetune", "settings": FinetuneSettings()},
            "3 folds need a frozen backbone, and finetune changes it",
        ),
        ({"folds": 1}, "the number of folds is 1"),
    ],
)
def test_folds_that_cannot_be_held_out_are_refused(
    made: tuple[Path, Path, Classifier, Store], tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(TrainingError, match=words):
        crossed(made[0], tmp_path / "no", **changes)
    assert not (tmp_path / "no").exists()
