"""Nothing that was painted or written is lost: regions that do not fit, photographs and disks that go away."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from full_disk import full_disk
from napari_finercam.session.queue import Selection
from napari_finercam.session.regions import NumberedRegions
from napari_finercam.session.review import ReviewSession
from PIL import Image

from finercam_core.errors import ReviewError
from finercam_core.regions.rle import decode, encode, encode_enlarged, placed
from finercam_core.review import Decision, Draft, Drafts, latest, read_verdicts


def painted(session: ReviewSession) -> np.ndarray:
    labels = session.regions.labels.copy()
    labels[4:20, 10:40] = 1
    assert session.paint(labels)
    return labels


def enlarge(path: Path, size: tuple[int, int]) -> None:
    with Image.open(path) as picture:
        larger = picture.resize(size)
    larger.save(path)


def test_a_note_written_while_the_photographs_are_away_leaves_the_region(small_store: Path, tmp_path: Path) -> None:
    session = ReviewSession(small_store, "A")
    labels = painted(session)
    (tmp_path / "images").rename(tmp_path / "elsewhere")
    away = ReviewSession(small_store, "A")
    assert not away.specimen.photographed
    assert any("1 region was drawn on a photograph of 96 × 64 pixels" in sentence for sentence in away.warnings)
    away.note = "jaw broken"
    away.save_draft()
    with pytest.raises(ReviewError, match="no photograph"):
        away.decide("accept")
    with pytest.raises(ReviewError, match="no photograph to mark"):
        away.edit(NumberedRegions.follow)
    (tmp_path / "elsewhere").rename(tmp_path / "images")
    back = ReviewSession(small_store, "A")
    np.testing.assert_array_equal(back.regions.labels, labels)
    assert back.note == "jaw broken"


def test_a_rejection_without_the_photograph_keeps_the_regions_too(small_store: Path, tmp_path: Path) -> None:
    labels = painted(ReviewSession(small_store, "A"))
    (tmp_path / "images").rename(tmp_path / "elsewhere")
    (kept,) = ReviewSession(small_store, "A").decide("reject").regions
    np.testing.assert_array_equal(decode(kept.rle), labels == 1)


def test_a_note_alone_without_the_photograph_makes_no_region_empty(small_store: Path, tmp_path: Path) -> None:
    (tmp_path / "images").rename(tmp_path / "elsewhere")
    away = ReviewSession(small_store, "A")
    away.note = "blurred"
    away.save_draft()
    (tmp_path / "elsewhere").rename(tmp_path / "images")
    back = ReviewSession(small_store, "A")
    assert back.note == "blurred"
    assert back.regions.follows
    assert back.regions.mask.any()


@pytest.mark.parametrize("way", ["undo", "retract", "redo"])
def test_a_verdict_without_the_photograph_that_is_taken_back_makes_no_region_empty(
    small_store: Path, tmp_path: Path, way: str
) -> None:
    (tmp_path / "images").rename(tmp_path / "elsewhere")
    away = ReviewSession(small_store, "A")
    away.decide("reject")
    if way == "undo":
        away.undo()
    else:
        away.retract()
    if way == "redo":
        away.undo()
        away.redo()
    assert away.decision == ""
    (tmp_path / "elsewhere").rename(tmp_path / "images")
    back = ReviewSession(small_store, "A")
    assert back.regions.follows
    assert back.regions.mask.any()


@pytest.mark.parametrize("before", ["draft", "verdict"])
def test_an_erased_region_stays_away_through_a_verdict_without_the_photograph(
    small_store: Path, tmp_path: Path, before: str
) -> None:
    session = ReviewSession(small_store, "A")
    session.paint(np.zeros_like(session.regions.labels))
    if before == "verdict":
        session.decide("unsure")
    session.close()
    (tmp_path / "images").rename(tmp_path / "elsewhere")
    away = ReviewSession(small_store, "A")
    away.navigation.go_to(session.specimen.image_id)
    away.decide("reject")
    away.note = "blurred"
    away.save_draft()
    (tmp_path / "elsewhere").rename(tmp_path / "images")
    back = ReviewSession(small_store, "A")
    back.navigation.go_to(session.specimen.image_id)
    assert not back.regions.mask.any()


@pytest.mark.parametrize("decision", ["reject", "unsure", "accept"])
def test_a_region_that_was_erased_before_the_verdict_stays_away(small_store: Path, decision: Decision) -> None:
    session = ReviewSession(small_store, "A")
    session.paint(np.zeros_like(session.regions.labels))
    session.decide(decision)
    session.navigation.move(1)
    session.navigation.move(-1)
    assert not session.regions.mask.any()
    session.undo()
    assert not session.regions.mask.any()
    assert session.decision == ""


def test_a_larger_photograph_has_the_region_at_the_same_place(small_store: Path, tmp_path: Path) -> None:
    session = ReviewSession(small_store, "A")
    labels, photograph = painted(session), tmp_path / "images" / f"{session.specimen.image_id}.png"
    original = photograph.read_bytes()
    enlarge(photograph, (288, 192))
    larger = ReviewSession(small_store, "A")
    np.testing.assert_array_equal(larger.regions.labels, labels.repeat(3, axis=0).repeat(3, axis=1))
    larger.note = "a better scan"
    larger.save_draft()
    photograph.write_bytes(original)
    np.testing.assert_array_equal(ReviewSession(small_store, "A").regions.labels, labels)
    enlarge(photograph, (288, 192))
    (kept,) = ReviewSession(small_store, "A").decide("accept").regions
    assert kept.rle["size"] == [192, 288]
    np.testing.assert_array_equal(decode(kept.rle), (labels == 1).repeat(3, axis=0).repeat(3, axis=1))


def test_a_photograph_of_other_proportions_hides_the_region_and_does_not_overwrite_it(
    small_store: Path, tmp_path: Path
) -> None:
    session = ReviewSession(small_store, "A")
    labels, photograph = painted(session), tmp_path / "images" / f"{session.specimen.image_id}.png"
    original = photograph.read_bytes()
    enlarge(photograph, (100, 100))
    other = ReviewSession(small_store, "A")
    assert not other.regions.mask.any()
    with pytest.raises(ReviewError, match="1 region was drawn on a photograph of 96 × 64 pixels"):
        other.decide("accept")
    new = np.zeros((100, 100), np.uint8)
    new[:9, :9] = 1
    other.paint(new)
    photograph.write_bytes(original)
    back = ReviewSession(small_store, "A")
    np.testing.assert_array_equal(back.regions.labels, labels)
    assert len(back.regions.unplaced) == 1
    back.edit(NumberedRegions.drop_unplaced)
    assert [record.number for record in back.decide("accept").regions] == [1]


@pytest.mark.parametrize("sides", [((7, 5), (21, 15)), ((7, 5), (20, 13)), ((40, 30), (97, 73)), ((8, 8), (5, 5))])
def test_a_mask_is_encoded_at_a_larger_size_without_making_it(sides: tuple[tuple[int, int], tuple[int, int]]) -> None:
    (h, w), shape = sides
    for share in (0.0, 0.03, 0.5, 1.0):
        mask = np.random.default_rng(1).random((h, w)) < share
        large = placed(encode(mask), shape)
        if large is None:
            continue
        assert encode_enlarged(mask, shape) == encode(large)


def test_dividing_keeps_every_pixel() -> None:
    regions, labels = NumberedRegions((100, 100)), np.zeros((100, 100), np.uint8)
    labels[:60, :60] = 1
    labels[70:76, 70:76] = labels[90, 90] = labels[95, 5] = 1  # one part of one percent, two of a pixel
    regions.paint(labels)
    assert regions.divide() == 2
    np.testing.assert_array_equal(regions.labels > 0, labels > 0)
    assert regions.labels[72, 72] == regions.labels[90, 90] == regions.labels[95, 5] == 2


def test_dividing_beside_other_regions_leaves_their_numbers() -> None:
    regions, labels = NumberedRegions((40, 40)), np.zeros((40, 40), np.uint8)
    labels[:10, :10] = labels[20:30, :10] = 1
    labels[:5, 30:] = 7
    regions.paint(labels)
    regions.divide()
    assert set(np.unique(regions.labels)) == {0, 1, 7, 8}
    np.testing.assert_array_equal(regions.labels == 7, labels == 7)


def test_a_full_disk_is_said_and_the_draft_kept_on_this_machine(
    small_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = ReviewSession(small_store, "A")
    with full_disk():
        labels = painted(session)
        assert "1 draft is in memory only" in session.drafts.trouble
        with pytest.raises(ReviewError, match="make room on the disk"):
            session.decide("accept")
        assert session.navigation.move(1)
        assert session.navigation.move(-1)
        np.testing.assert_array_equal(session.regions.labels, labels)
    assert session.decision == ""
    session.note = "there is room again"
    session.save_draft()
    assert session.drafts.trouble == ""
    np.testing.assert_array_equal(ReviewSession(small_store, "A").regions.labels, labels)
    session.decide("accept")
    assert len(latest(read_verdicts(small_store))) == 1


def test_a_store_that_cannot_be_written_is_said_at_once_and_loses_no_draft(small_store: Path) -> None:
    (small_store / "reviews").write_text("a file where the folder should be")
    session = ReviewSession(small_store, "A")
    assert "cannot be written" in session.warnings[0]
    labels = painted(session)
    session.edit(NumberedRegions.add)
    session.edit(NumberedRegions.divide)
    assert "1 draft is kept in" in session.drafts.trouble
    with pytest.raises(ReviewError, match="cannot be written"):
        session.decide("accept")
    session.close()
    (small_store / "reviews").unlink()
    again = ReviewSession(small_store, "A")
    np.testing.assert_array_equal(again.regions.mask, labels > 0)
    assert again.warnings == []
    assert Drafts(small_store, "A").load(again.specimen.image_id) is not None


def test_a_share_that_vanishes_costs_nothing(small_store: Path, tmp_path: Path) -> None:
    session = ReviewSession(small_store, "A")
    first, labels = session.specimen.image_id, painted(session)
    small_store.rename(tmp_path / "gone")
    labels[30:40, 5:9] = 1
    session.paint(labels)
    assert session.drafts.trouble
    session.navigation.loader.forget()
    with pytest.raises(ReviewError, match="not there any more"):
        session.navigation.move(1)
    assert session.specimen.image_id == first
    with pytest.raises(ReviewError, match="not there any more"):
        session.decide("accept")
    assert not small_store.exists()
    (tmp_path / "gone").rename(small_store)
    session.refresh()
    assert session.navigation.move(1)
    session.close()
    np.testing.assert_array_equal(ReviewSession(small_store, "A").regions.labels, labels)


def test_a_deleted_note_stays_deleted(small_store: Path) -> None:
    session = ReviewSession(small_store, "A")
    session.decide("reject", "wrong species")
    session.note = ""
    session.save_draft()
    session.navigation.move(1)
    session.navigation.move(-1)
    assert session.note == ""
    assert session.edited


def test_an_old_draft_without_a_comparison_takes_that_of_the_verdict(small_store: Path) -> None:
    session = ReviewSession(small_store, "A")
    session.gamma = 1.4
    verdict = session.decide("accept")
    old = tuple(replace(region, comparison=None, number=0) for region in verdict.regions)
    Drafts(small_store, "A").save(Draft(verdict.image_id, old))
    again = ReviewSession(small_store, "A")
    again.navigation.select(Selection())
    again.navigation.go_to(verdict.image_id)
    assert again.regions.properties[1].comparison == verdict.comparison
