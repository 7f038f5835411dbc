"""The review without a window: recombination, the queue, verdicts that survive, and what is exported."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from napari_finercam._session import ReviewSession
from PIL import Image
from pycocotools.coco import COCO

from finercam_core.errors import ExportError, ReviewError
from finercam_core.export import export
from finercam_core.finer import finer_cam
from finercam_core.review import ReviewLog, latest, read_verdicts
from finercam_core.store import open_store


def test_the_map_is_that_of_the_formula(small_store: Path) -> None:
    session = ReviewSession(small_store, "A")
    record = session.view.record
    dataset = open_store(small_store).species_dataset(record.scientificName)
    for gamma, references in ((0.6, None), (0.0, None), (1.3, ["Aus dus"])):
        session.gamma = gamma
        session.use(references or list(record.classes[1:]))
        expected = finer_cam(dataset, gamma=gamma, references=references).sel(specimen=record.image_id)
        np.testing.assert_allclose(session.grid_map(), expected.values, atol=1e-6)


def test_the_queue_opens_at_the_first_without_a_verdict(small_store: Path) -> None:
    session = ReviewSession(small_store, "A")
    first = session.view.record.image_id
    session.decide("accept")
    assert session.decision == "accept"
    again = ReviewSession(small_store, "A")
    assert again.view.record.image_id != first
    assert again.counts() == {"accept": 1, "reject": 0, "unsure": 0, "all": 11}
    assert ReviewSession(small_store, "B").view.record.image_id == first


def test_photographs_that_moved_are_passed_over(small_store: Path) -> None:
    session = ReviewSession(small_store, "A")
    first, second = session.queue[:2]
    (small_store.parent / "images" / f"{second}.png").unlink()
    assert session.move(1)
    assert session.view.record.image_id == session.queue[2]
    assert session.move(-1)
    assert session.view.record.image_id == first


def test_verdicts_of_two_reviewers_stay_apart_and_the_last_one_counts(small_store: Path) -> None:
    one, two = ReviewSession(small_store, "A"), ReviewSession(small_store, "B")
    specimen = one.view.record.image_id
    one.decide("accept")
    two.decide("reject", "the scale bar")
    one.decide("unsure")
    found = latest(read_verdicts(small_store))
    assert {key: verdict.decision for key, verdict in found.items()} == {
        (specimen, "A"): "unsure",
        (specimen, "B"): "reject",
    }
    assert found[specimen, "B"].note == "the scale bar"
    assert found[specimen, "A"].revision == 1
    assert len(read_verdicts(small_store)) == 3
    one.decide("")
    assert (specimen, "A") not in latest(read_verdicts(small_store))


def test_a_line_cut_off_by_a_crash_is_left_out_and_others_are_reported(small_store: Path) -> None:
    session = ReviewSession(small_store, "A")
    session.decide("accept")
    (path,) = (small_store / "reviews").glob("*.jsonl")
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])
    assert len(read_verdicts(small_store)) == 1
    path.write_bytes(b'{"oops": 1}\n' + whole)
    with pytest.raises(ReviewError, match="line 1 of reviews/"):
        read_verdicts(small_store)


def test_a_store_on_a_server_cannot_be_reviewed() -> None:
    with pytest.raises(ReviewError, match="not on this machine's disk"):
        ReviewLog("memory://maps.zarr", "A")


def test_accepted_masks_come_back_pixel_by_pixel(small_store: Path, tmp_path: Path) -> None:
    session = ReviewSession(small_store, "A")
    masks = {}
    for decision in ("accept", "reject", "accept"):
        if decision == "accept":
            masks[session.view.record.image_id] = session.region()
        session.decide(decision)  # type: ignore[arg-type]
        session.move(1)
    assert export(small_store, tmp_path / "coco", format="coco").masks == 2
    coco = COCO(tmp_path / "coco" / "annotations.json")
    found = {coco.imgs[a["image_id"]]["image_id"]: coco.annToMask(a) for a in coco.anns.values()}
    assert found.keys() == masks.keys()
    about = next(iter(coco.anns.values()))["attributes"]
    assert (about["reviewer"], about["gamma"], about["decision"]) == ("A", 0.6, "accept")
    assert about["weights_sha256"] == "0" * 64
    export(small_store, tmp_path / "png", format="png")
    for image_id, mask in masks.items():
        np.testing.assert_array_equal(found[image_id], mask)
        picture = Image.open(tmp_path / "png" / "images" / f"{image_id}.png")
        np.testing.assert_array_equal(np.asarray(picture) > 0, mask)
        beside = json.loads((tmp_path / "png" / "images" / f"{image_id}.json").read_text())
        assert beside["regions"][0]["references"] == ["Aus cus", "Aus dus", "Eus fus"] or image_id.startswith("Aus_cus")


def test_automatic_masks_say_that_nobody_reviewed_them(small_store: Path, tmp_path: Path) -> None:
    (small_store.parent / "images" / "Aus_bus-003.png").unlink()
    summary = export(small_store, tmp_path / "coco", which="automatic", top=0.1)
    assert summary.masks == 10
    assert "missing" in summary.failed["Aus_bus-003"]
    content = json.loads((tmp_path / "coco" / "annotations.json").read_text())
    table = pd.DataFrame([a["attributes"] for a in content["annotations"]])
    assert (table["decision"] == "not reviewed").all()
    assert table["reviewer"].isna().all()
    areas = [
        a["area"] / (i["width"] * i["height"]) for a, i in zip(content["annotations"], content["images"], strict=True)
    ]
    assert max(areas) <= 0.1


def test_nothing_accepted_is_said(small_store: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="nothing is accepted"):
        export(small_store, tmp_path / "masks")
