"""Regions of findings as other tools open them: pycocotools reads the file, and each lies on the mark."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO
from spotted import spotted_classifier, spotted_collection, spotted_store

from finercam_core.diagnosis import Diagnosis
from finercam_core.diagnosis.output import write_answer
from finercam_core.diagnosis.with_model.causal import causal_check
from finercam_core.store import Store


def asked(store: Store, folder: Path) -> COCO:
    diagnosis = Diagnosis(store, check=causal_check(store, spotted_classifier()))
    write_answer(diagnosis, diagnosis.answer("Aus bus", "Aus cus"), folder)
    return COCO(str(folder / "Aus_bus--vs--Aus_cus.coco.json"))


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


def test_a_part_is_that_of_the_masks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read = asked(spotted_store(spotted_collection(tmp_path), tmp_path / "maps.zarr"), tmp_path / "answers")
    assert [(one["name"], one["supercategory"]) for one in read.loadCats(read.getCatIds())] == [
        ("tail spot", "supported")
    ]
    assert len(read.getImgIds()) == 16
    assert len(read.getAnnIds()) == 8, "the other species has no spot"
    for drawn in read.loadAnns(read.getAnnIds()):
        (image,) = read.loadImgs(drawn["image_id"])
        mask = np.asarray(Image.open(tmp_path / "masks" / f"{image['image_id']}.png")) == 2
        np.testing.assert_array_equal(read.annToMask(drawn).astype(bool), mask)
        assert drawn["attributes"]["on"] == image["scientificName"] == "Aus bus"
        assert drawn["area"] == mask.sum()


def test_a_region_of_the_frame_lies_on_every_photograph(tmp_path: Path) -> None:
    """Without masks: the spot lies within the region of its specimen, in pixels of the photograph."""
    manifest = spotted_collection(tmp_path, masks=False)
    (truth := tmp_path / "truth").mkdir()
    spotted_collection(truth)
    read = asked(spotted_store(manifest, tmp_path / "maps.zarr"), tmp_path / "answers")
    assert len(read.getAnnIds()) == 16
    for drawn in read.loadAnns(read.getAnnIds()):
        (image,) = read.loadImgs(drawn["image_id"])
        if image["scientificName"] == "Aus bus":
            spot = np.asarray(Image.open(truth / "masks" / f"{image['image_id']}.png")) == 2
            ys, xs = np.nonzero(spot)
            region = read.annToMask(drawn).astype(bool)
            assert region[round(ys.mean()), round(xs.mean())]
            assert overlap(region, spot) > 0.2


def test_a_photograph_that_is_gone_is_named(tmp_path: Path) -> None:
    store = spotted_store(spotted_collection(tmp_path), tmp_path / "maps.zarr")
    (tmp_path / "images" / "Aus_bus-00-0.png").unlink()
    read = asked(store, tmp_path / "answers")
    assert len(read.getImgIds()) == 15
    assert list(read.dataset["info"]["left_out"]) == ["Aus_bus-00-0"]
