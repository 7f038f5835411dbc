"""Our figures beside the paper's, on a tiny collection of CUB's own shape; masks and boxes that a catalog has."""

import importlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from finercam_core.catalog import open_catalog
from finercam_core.evaluate import EvaluationError, EvaluationReport, evaluate
from finercam_core.evaluate.published import beside, read_published
from finercam_core.evaluate.specimen_regions import SpecimenLocator
from finercam_core.evaluate.with_model.checks import check
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.regions.traits import traits_of
from finercam_core.store import Store, open_store, pending_chunks

pytestmark = pytest.mark.xdist_group("published")  # its tests share what takes long to make
BIRDS = ("001.Laysan_Albatross", "002.Sooty_Tern", "003.Common_Tern")
WIDTH, HEIGHT = 60, 40
MANIFEST = """
[collection]
name = "cub-200-2011"
root = "CUB_200_2011"
layout = "cub-200"
"""


def cub(folder: Path, images: int = 4) -> Path:
    """Lists, images of noise, boxes of the left half; segmentations of the middle for the first bird alone."""
    root, rng, lists = folder / "CUB_200_2011", np.random.default_rng(0), {}
    names = [f"{bird}/{bird[4:]}_{i}.jpg" for bird in BIRDS for i in range(images)]
    for name in names:
        (root / "images" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)).save(root / "images" / name)
    for name in names[:images]:
        place = (root / "segmentations" / name).with_suffix(".png")
        place.parent.mkdir(parents=True, exist_ok=True)
        marked = np.zeros((HEIGHT, WIDTH), np.uint8)
        marked[10:30, 20:40] = 255
        marked[:5, :5] = 51  # one of five people
        Image.fromarray(marked).save(place)
    numbered = list(enumerate(names, 1))
    lists["images.txt"] = [f"{n} {name}" for n, name in numbered]
    lists["image_class_labels.txt"] = [f"{n} {name[2]}" for n, name in numbered]
    lists["classes.txt"] = [f"{bird[2]} {bird}" for bird in BIRDS]
    lists["train_test_split.txt"] = [f"{n} {n % 2}" for n, _ in numbered]
    lists["bounding_boxes.txt"] = [f"{n} 0 0 {WIDTH / 2} {HEIGHT}" for n, _ in numbered]
    for name, lines in lists.items():
        (root / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "cub-200.toml").write_text(MANIFEST, encoding="utf-8")
    return folder / "cub-200.toml"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, tiny_classifier: str) -> tuple[Store, EvaluationReport]:
    """The collection's store, and its evaluation beside the paper."""
    folder = tmp_path_factory.mktemp("cub")
    catalog = open_catalog(cub(folder))
    classifier = importlib.import_module(tiny_classifier.partition(":")[0]).tiny(catalog.species)
    made = plan_store(folder / "maps.zarr", catalog, classifier, references=2)
    annotate_chunks(made.location, list(pending_chunks(made.location)), classifier)
    check(made.location, classifier, folder / "out", gammas=(), weightings=(), steps=4)
    return open_store(made.location), evaluate(made.location, folder / "out", published="paper")


def test_the_papers_figures_stand_beside_ours(found: tuple[Store, EvaluationReport]) -> None:
    store, report = found
    assert store.provenance.collection == "cub-200-2011"
    table = report.beside.set_index(["figure", "map"])
    assert table.loc[("drop_5", "finer_cam"), "published"] == 0.112
    assert table.loc[("energy", "grad_cam"), "published"] == 0.582
    drop = report.checks.faithfulness.query("species == 'all species' and map == 'finer_cam' and figure == 'drop_5'")
    assert table.loc[("drop_5", "finer_cam"), "ours"] == drop["mean"].iloc[0]
    gain = table.loc[("drop_5", "finer_cam - grad_cam")]
    assert gain["published"] == pytest.approx(0.112 - 0.101)
    assert (gain["ours"], gain["low"]) == pytest.approx(
        (drop["over_grad_cam_mean"].iloc[0], drop["over_grad_cam_low"].iloc[0])
    )
    assert (table["n"] == 6).all(), "the test split"
    assert np.isfinite(table[["ours", "low", "high"]].to_numpy()).all()
    assert "## Beside published figures" in (report.folder / "evaluation.md").read_text("utf-8")
    assert (report.folder / "beside.csv").is_file()


def test_a_whole_specimens_mask_is_taken_as_it_is_and_a_catalogs_box_where_there_is_none(
    found: tuple[Store, EvaluationReport],
) -> None:
    store, report = found
    assert traits_of(store) == (), "who marked a bird is no trait"
    area = report.specimens.drop_duplicates("image_id").groupby("scientificName")["area"].first()
    assert area.to_dict() == {
        "Laysan Albatross": 400 / 2400,  # the pixels that most people marked; no hull around the corner
        "Sooty Tern": 0.5, "Common Tern": 0.5,
    }  # fmt: skip
    first = store.rows.index[0]
    given = SpecimenLocator(pd.DataFrame([{"image_id": first, "x": 0, "y": 0, "width": 6, "height": 4}]))
    region = given.of(store, first, None)
    assert region is not None
    assert region.sum() == 24, "a box that somebody gives comes first"


def test_what_was_not_measured_stays_open() -> None:
    table = beside(read_published("paper", "CUB-200-2011"), pd.DataFrame(), pd.DataFrame())
    assert table["published"].notna().all()
    assert table["ours"].isna().all()
    assert len(table) == 6 + 3
    cars = beside(read_published("paper", "stanford-cars"), pd.DataFrame(), pd.DataFrame())
    assert cars["published"].isna().all(), "not noted: nothing is made up"


def test_other_figures_than_the_papers(tmp_path: Path) -> None:
    own = tmp_path / "figures.csv"
    own.write_text("map,figure,value\ngrad_cam,insertion,0.5\n", encoding="utf-8")
    assert read_published(own, "anything")[["map", "figure", "value"]].to_numpy().tolist() == [
        ["grad_cam", "insertion", 0.5]
    ]
    with pytest.raises(EvaluationError, match="has no figure of 'demo'"):
        read_published("paper", "demo")
    (tmp_path / "bad.csv").write_text("map,value\ngrad_cam,0.5\n", encoding="utf-8")
    with pytest.raises(EvaluationError, match="has no column figure"):
        read_published(tmp_path / "bad.csv", "demo")
    with pytest.raises(EvaluationError, match="cannot be read"):
        read_published(tmp_path / "none.csv", "demo")
