"""Held out means held out: what a classifier was trained on is known by content, and is never judged unasked."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from finercam_core.catalog import open_catalog
from finercam_core.catalog.split_file import write_splits
from finercam_core.evaluate import EvaluationError, Protocol, evaluate
from finercam_core.explain import load_classifier
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.images.preparation import Preparation
from finercam_core.parts import Part, read_lists
from finercam_core.parts.lists import ListsError
from finercam_core.report import report
from finercam_core.store import Store, open_store, pending_chunks, summarise
from finercam_core.train import train

COUNTS = {"Aus bus": 10, "Aus cus": 10, "Aus dus": 2}
SMALL = {"channels": [8, 16, 16, 16], "layers": [1, 1, 0, 0], "stem_width": 8}
Make = Callable[[Path, dict[str, int]], Path]


def trained(catalog: Path | str, folder: Path) -> Path:
    return train(
        open_catalog(str(catalog)), folder, model="resnet10t", pretrained=False, model_args=SMALL, device="cpu",
        preparation=Preparation(32, 48), cache=folder.parent / "features.zarr",
    ).folder  # fmt: skip


def annotated(catalog: Path | str, classifier: Path, location: Path) -> Store:
    found = load_classifier(classifier, device="cpu")
    store = plan_store(location, open_catalog(str(catalog)), found)
    annotate_chunks(store.location, list(pending_chunks(store.location)), found, batch_size=8)
    return open_store(store.location)


@pytest.fixture(scope="module")
def made(make_collection: Make, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Store]:
    """A folder of photographs, a classifier trained on it without a word about splits, and its store."""
    folder = tmp_path_factory.mktemp("held-out")
    catalog = make_collection(folder / "photos", COUNTS)
    classifier = trained(catalog, folder / "classifier")
    return catalog, classifier, annotated(catalog, classifier, folder / "maps.zarr")


def test_the_folder_lists_every_image_by_id_and_content(made: tuple[Path, Path, Store]) -> None:
    catalog, classifier, _ = made
    lists = read_lists(classifier)
    assert lists is not None
    table = lists.table.set_index("image_id")
    assert len(table) == sum(COUNTS.values())
    assert set(table["part"]) == {"train", "val", "test"}
    content = (catalog.parent / "Aus_bus-003.png").read_bytes()
    assert table.loc["Aus_bus-003", "bytes"] == len(content)
    assert len(set(table["sha256"])) == len(table)
    training = json.loads((classifier / "training.json").read_text())
    assert training["images"] == {part: int((table["part"] == part).sum()) for part in ("train", "val", "test")}


def test_train_split_and_evaluate_deal_alike(made: tuple[Path, Path, Store], tmp_path: Path) -> None:
    catalog, classifier, store = made
    dealt = write_splits(open_catalog(str(catalog), splits=""), tmp_path / "splits.csv").set_index("image_id")["split"]
    lists = read_lists(classifier)
    assert lists is not None
    assert lists.table.set_index("image_id")["part"].to_dict() == dealt.to_dict()
    judged = evaluate(store.location, tmp_path / "evaluation")
    assert set(judged.specimens["image_id"]) == set(dealt.index[dealt == "test"])
    assert summarise(store).held_out == "4 held out, 16 trained on, 2 for validation"
    assert "4 test images, which the classifier did not see in training" in str(judged.protocol["judged"])
    assert not judged.mark


def test_training_images_are_judged_on_express_demand_alone_and_everything_is_marked(
    made: tuple[Path, Path, Store], tmp_path: Path
) -> None:
    store = made[2]
    for split in ("train", "all"):
        with pytest.raises(EvaluationError, match=f"were trained on.*--split {split} --i-know"):
            evaluate(store.location, tmp_path / "no", protocol=Protocol(split=split))
        assert not (tmp_path / "no").exists()
    protocol = Protocol(split="train", i_know=True)
    report(store.location, tmp_path / "atlas", protocol=protocol)
    for path in tmp_path.joinpath("atlas").rglob("*.html"):
        assert "ON WHICH THE CLASSIFIER WAS TRAINED" in path.read_text(encoding="utf-8").partition("<h1>")[0], path
    tables = sorted(tmp_path.joinpath("atlas", "evaluation").glob("*.csv"))
    assert len(tables) >= 3
    for path in tables:
        with path.open(newline="", encoding="utf-8") as file:
            assert {row["judged_on"] for row in csv.DictReader(file)} <= {"training images"}, path
    content = json.loads(tmp_path.joinpath("atlas", "evaluation", "evaluation.json").read_text())
    assert content["judged_on"] == "training images"
    page = tmp_path.joinpath("atlas", "evaluation", "evaluation.md").read_text()
    assert "ON WHICH THE CLASSIFIER WAS TRAINED" in "".join(page.splitlines(keepends=True)[:6])


def test_a_split_made_later_cannot_call_training_images_test(made: tuple[Path, Path, Store], tmp_path: Path) -> None:
    """By content, so under any name: the photographs are copied and renamed, and a manifest calls all of them test."""
    catalog, classifier, _ = made
    table = pd.read_csv(catalog)
    for number, row in table.iterrows():
        shutil.copy(catalog.parent / row["path"], tmp_path / f"new-{number}.png")
    renamed = table.assign(image_id=[f"new-{n}" for n in table.index], path=[f"new-{n}.png" for n in table.index])
    renamed.assign(split="test").to_csv(tmp_path / "catalog.csv", index=False)
    store = annotated(tmp_path / "catalog.csv", classifier, tmp_path / "maps.zarr")
    lists = read_lists(classifier)
    assert lists is not None
    expected = lists.table.set_index("image_id")["part"]
    assert store.rows["part"].to_list() == [expected[table["image_id"][int(i.split("-")[1])]] for i in store.rows.index]
    trained_on = int((store.rows["part"] == Part.TRAIN).sum())
    assert f"{trained_on} images that the catalog calls test among those trained on" in summarise(store).held_out
    with pytest.raises(EvaluationError, match=f"{trained_on} of 22 images that the catalog calls test were trained on"):
        evaluate(store.location, tmp_path / "no")
    own = evaluate(store.location, tmp_path / "own", protocol=Protocol(split="test"))
    assert set(store.rows.loc[list(set(own.specimens["image_id"])), "part"]) == {"test"}
    assert len(own.left_out) == trained_on
    assert set(own.left_out["reason"]) == {"trained on, though the catalog's split calls it test"}


def test_images_that_are_new_to_the_classifier_are_judged_and_said_to_be_new(
    made: tuple[Path, Path, Store], make_collection: Make, tmp_path: Path
) -> None:
    """New photographs beside one copy of a training image under another name."""
    classifier = made[1]
    catalog = make_collection(tmp_path / "photos", {"Aus bus": 14, "Aus cus": 13})
    table = pd.read_csv(catalog)
    new = table[table["image_id"].str[-3:].astype(int) >= 10]
    lists = read_lists(classifier)
    assert lists is not None
    training = next(image for image in lists.images if image.part == Part.TRAIN)
    shutil.copy(tmp_path / "photos" / f"{training.image_id}.png", tmp_path / "photos" / "another-name.png")
    copy = new.iloc[[0]].assign(
        image_id="another-name", path="another-name.png", scientificName=training.scientificName
    )
    pd.concat([new, copy]).to_csv(catalog, index=False)
    store = annotated(catalog, classifier, tmp_path / "maps.zarr")
    assert store.rows.loc["another-name", "part"] == "train"
    judged = evaluate(store.location, tmp_path / "evaluation")
    assert set(judged.specimens["image_id"]) == set(new["image_id"])
    assert "7 images, which are new to the classifier" in str(judged.protocol["judged"])


def test_another_photograph_of_a_specimen_that_was_trained_on_is_no_test(make_collection: Make, tmp_path: Path) -> None:
    catalog = make_collection(tmp_path / "photos", {"Aus bus": 8, "Aus cus": 8})
    table = pd.read_csv(catalog)
    table["group_id"] = "specimen " + table["image_id"].str[:-1]
    table["group_id"] += (table["image_id"].str[-1].astype(int) // 2).astype(str)
    seen = table[~table["image_id"].str.endswith("7")]
    seen.to_csv(catalog, index=False)
    classifier = trained(catalog, tmp_path / "classifier")
    table.to_csv(catalog, index=False)
    rows = annotated(catalog, classifier, tmp_path / "maps.zarr").rows
    for image_id in ("Aus_bus-007", "Aus_cus-007"):
        sibling = image_id[:-1] + "6"
        assert rows.loc[image_id, "part"] == rows.loc[sibling, "part"] != "unknown"


def test_without_lists_the_catalog_is_taken_at_its_word_and_that_is_said(
    made: tuple[Path, Path, Store], tmp_path: Path
) -> None:
    catalog, classifier, _ = made
    shutil.copytree(classifier, tmp_path / "bare")
    (tmp_path / "bare" / "images.csv").unlink()
    store = annotated(catalog, tmp_path / "bare", tmp_path / "maps.zarr")
    assert set(store.rows["part"]) == {"unknown"}
    judged = str(evaluate(store.location, tmp_path / "evaluation").protocol["judged"])
    assert judged.startswith("all 22 specimens; the classifier came without lists of its training images")


def test_damaged_lists_are_an_error_and_never_mean_that_all_is_new(
    made: tuple[Path, Path, Store], tmp_path: Path
) -> None:
    shutil.copytree(made[1], tmp_path / "classifier")
    path = tmp_path / "classifier" / "images.csv"
    path.write_text(path.read_text().replace(",train,", ",trian,", 1))
    with pytest.raises(ListsError, match="trian"):
        load_classifier(tmp_path / "classifier")


def test_a_store_from_before_there_were_parts_still_opens(made: tuple[Path, Path, Store], tmp_path: Path) -> None:
    shutil.copytree(made[2].location, tmp_path / "old.zarr")
    table = pd.read_parquet(tmp_path / "old.zarr" / "specimens.parquet").drop(columns=["part", "fold"])
    table.to_parquet(tmp_path / "old.zarr" / "specimens.parquet")
    root = json.loads((tmp_path / "old.zarr" / "zarr.json").read_text())
    del root["attributes"]["finercam"]["parts"], root["attributes"]["finercam_digest"]
    (tmp_path / "old.zarr" / "zarr.json").write_text(json.dumps(root))
    old = open_store(tmp_path / "old.zarr", images=made[0].parent)
    assert set(old.rows["part"]) == {"unknown"}
    assert set(old.rows["fold"]) == {-1}
    assert "came without lists" in Protocol().judged(old).sentence
    again = annotated(made[0], made[1], tmp_path / "old.zarr")
    assert again.provenance.run == made[2].provenance.run
    assert again.rows["part"].to_dict() == made[2].rows["part"].to_dict()
