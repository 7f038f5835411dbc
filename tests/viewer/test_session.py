"""The review without a window: recombination, verdicts that survive, undo, and what is exported."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from napari_finercam.session.regions import FIRST, NumberedRegions
from napari_finercam.session.review import ReviewSession
from PIL import Image
from pycocotools.coco import COCO

from finercam_core.errors import ExportError
from finercam_core.export import export
from finercam_core.finer import finer_cam
from finercam_core.images.preparation import to_image
from finercam_core.regions.rle import decode
from finercam_core.regions.threshold import region
from finercam_core.review import latest, read_verdicts
from finercam_core.store import open_store


def test_the_map_is_that_of_the_formula(small_store: Path) -> None:
    session = ReviewSession(small_store, "A")
    record = session.specimen.record
    assert record is not None
    dataset = open_store(small_store).species_dataset(record.scientificName)
    for gamma, references in ((0.6, None), (0.0, None), (1.3, ["Aus dus"])):
        session.gamma = gamma
        session.use(references or list(record.classes[1:]))
        expected = finer_cam(dataset, gamma=gamma, references=references).sel(specimen=record.image_id)
        np.testing.assert_allclose(session.comparison.grid_map(session.specimen), expected.values, atol=1e-6)
    window, size = session.store.preparation.window(session.specimen.size), session.specimen.size
    np.testing.assert_allclose(
        session.comparison.image_map(session.specimen),
        to_image(session.comparison.grid_map(session.specimen), window, size),
        atol=1e-6,
    )


def test_the_heat_map_shows_the_map_and_the_difference_both_signs(small_store: Path) -> None:
    session = ReviewSession(small_store, "A")
    assert session.comparison.heat(session.specimen).min() >= 0
    assert session.comparison.heat(session.specimen).max() == pytest.approx(1)
    session.comparison.settings.signed = True
    assert np.abs(session.comparison.heat(session.specimen)).max() == pytest.approx(1)
    assert session.comparison.heat(session.specimen).min() < 0


def test_a_common_name_that_one_row_alone_has_is_shown(small_store: Path) -> None:
    session = ReviewSession(small_store, "A")
    rows = session.store.specimens
    rows["vernacularName"] = ["little fish" if row == 3 else "" for row in range(len(rows))]
    assert session.common_names == {rows["scientificName"][3]: "little fish"}


def test_references_stay_chosen_for_the_species(small_store: Path) -> None:
    session = ReviewSession(small_store, "A")
    session.use(["Aus dus"])
    assert session.navigation.move(1)
    assert session.specimen.used.tolist() == [False, False, True, False]


@pytest.mark.parametrize(("kind", "share"), [("top", 0.1), ("value", 0.6), ("energy", 0.3)])
def test_the_region_is_the_threshold_that_the_verdict_names(small_store: Path, kind: str, share: float) -> None:
    session = ReviewSession(small_store, "A")
    session.threshold.kind, session.threshold.share = kind, share  # type: ignore[assignment]
    session.recut()
    verdict = session.decide("accept")
    (kept,) = verdict.regions
    assert list(kept.threshold) == [kind]
    np.testing.assert_array_equal(
        decode(kept.rle), region(session.comparison.image_map(session.specimen), **kept.threshold)
    )


def test_the_queue_opens_at_the_first_without_a_verdict(small_store: Path) -> None:
    session = ReviewSession(small_store, "A")
    first = session.specimen.image_id
    session.decide("accept")
    assert session.decision == "accept"
    again = ReviewSession(small_store, "A")
    assert again.specimen.image_id != first
    assert again.queue.counts() == {"accept": 1, "reject": 0, "unsure": 0, "all": 14}
    assert ReviewSession(small_store, "B").specimen.image_id == first


def test_verdicts_of_two_reviewers_stay_apart_and_the_last_one_counts(small_store: Path) -> None:
    one, two = ReviewSession(small_store, "A"), ReviewSession(small_store, "B")
    specimen = one.specimen.image_id
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


def test_what_others_say_meanwhile_is_taken_in_on_refresh(small_store: Path) -> None:
    one, two = ReviewSession(small_store, "A"), ReviewSession(small_store, "B")
    for decision in ("accept", "reject", "accept"):
        one.decide(decision)  # type: ignore[arg-type]
        one.navigation.move(1)
    for decision in ("accept", "reject", "unsure"):
        two.decide(decision)  # type: ignore[arg-type]
        two.navigation.move(1)
    assert one.verdicts.agreement() == []
    one.refresh()
    (pair,) = one.verdicts.agreement()
    assert (pair.reviewers, pair.specimens, pair.regions, pair.iou) == (("A", "B"), 3, 1, 1.0)
    # Observed 2/3; expected (2/3)(1/3) + (1/3)(1/3) = 1/3.
    assert pair.kappa == pytest.approx(0.5)
    assert one.queue.disagreed.sum() == 1
    one.close()


def test_painted_regions_survive_sliders_and_wait_as_drafts(small_store: Path) -> None:
    session = ReviewSession(small_store, "A")
    first = session.specimen.image_id
    labels = session.regions.labels.copy()
    labels[:6, :6] = 1
    assert session.paint(labels)
    assert not session.paint(labels)
    session.gamma = 1.7
    np.testing.assert_array_equal(session.regions.labels, labels)
    again = ReviewSession(small_store, "A")
    assert again.specimen.image_id == first
    np.testing.assert_array_equal(again.regions.labels, labels)
    again.decide("accept")
    assert ReviewSession(small_store, "A").drafts.load(first) is None


def test_several_regions_keep_their_traits(small_store: Path) -> None:
    session = ReviewSession(small_store, "A")
    labels = session.regions.labels.copy()
    labels[-6:] = np.where(labels[-6:] == 0, 2, labels[-6:])
    session.paint(labels)
    session.edit(lambda regions: regions.assign(2, session.traits[1]))
    one, two = session.decide("accept").regions
    assert (one.trait, one.source) == ("", "threshold")
    assert (two.trait, two.uberon, two.source) == ("caudal fin", "UBERON:4000164", "painted")
    np.testing.assert_array_equal(decode(two.rle), labels == 2)
    assert session.queue.traits[session.queue.row] == {"caudal fin"}


def test_dividing_gives_every_separate_part_a_number() -> None:
    regions = NumberedRegions((20, 30))
    labels = np.zeros((20, 30), np.uint8)
    labels[1:9, 1:9], labels[12:16, 20:24] = 1, 1
    regions.paint(labels)
    assert regions.divide() == 2
    assert (regions.labels[2, 2], regions.labels[13, 21]) == (1, 2)
    regions.remove(1)
    assert set(np.unique(regions.labels)) == {0, 2}
    regions.follow()
    assert regions.follows
    assert FIRST in regions.properties


def test_undo_goes_back_over_strokes_and_verdicts_in_their_order(small_store: Path) -> None:
    session = ReviewSession(small_store, "A")
    first, before = session.specimen.image_id, session.regions.labels.copy()
    painted = before.copy()
    painted[:5, :5] = 1
    session.paint(painted)
    session.decide("accept")
    session.navigation.move(1)
    assert session.undo()
    assert (session.specimen.image_id, session.decision) == (first, "")
    np.testing.assert_array_equal(session.regions.labels, painted)
    assert latest(read_verdicts(small_store)) == {}
    assert session.undo()
    np.testing.assert_array_equal(session.regions.labels, before)
    assert not session.undo()
    assert session.redo()
    np.testing.assert_array_equal(session.regions.labels, painted)
    assert session.redo()
    assert session.decision == "accept"
    assert not session.redo()
    assert [v.decision for v in read_verdicts(small_store)] == ["accept", "", "accept"]


def test_undo_of_a_changed_verdict_brings_the_earlier_one_back(small_store: Path) -> None:
    session = ReviewSession(small_store, "A")
    session.decide("reject", "blurred")
    session.decide("accept")
    session.undo()
    (found,) = latest(read_verdicts(small_store)).values()
    assert (found.decision, found.note, found.revision) == ("reject", "blurred", 2)


def test_undo_of_a_verdict_that_said_the_same_leaves_no_draft(small_store: Path) -> None:
    session = ReviewSession(small_store, "A")
    session.decide("accept")
    session.decide_together([session.specimen.image_id, "Aus_bus-002"], "accept")
    session.note = "written since"
    session.save_draft()
    session.undo()
    assert (session.decision, session.edited, session.note) == ("accept", False, "")


def test_accepted_masks_come_back_pixel_by_pixel(small_store: Path, tmp_path: Path) -> None:
    session = ReviewSession(small_store, "A")
    masks = {}
    for decision in ("accept", "reject", "accept"):
        if decision == "accept":
            masks[session.specimen.image_id] = session.regions.mask
        session.decide(decision)  # type: ignore[arg-type]
        session.navigation.move(1)
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
    assert summary.masks == 13
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
