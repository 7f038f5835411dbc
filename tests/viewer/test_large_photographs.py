"""Photographs of a hundred million pixels are worked on as smaller copies, and their masks have the full size."""

from pathlib import Path

import numpy as np
import pytest
from napari_finercam.session import loaded_specimen
from napari_finercam.session.loaded_specimen import SpecimenLoader
from napari_finercam.session.review import ReviewSession
from PIL import Image

from finercam_core.export import export
from finercam_core.regions import shape
from finercam_core.regions.rle import decode, nearest
from finercam_core.regions.shape import working_size
from finercam_core.store import open_store


@pytest.fixture
def small_copies(monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Let the specimens of 96 × 64 pixels be too large; returns the height and width of their copies."""
    monkeypatch.setattr(shape, "WORKING_PIXELS", 1536)
    return 32, 48


@pytest.mark.parametrize(
    ("size", "expected"),
    [((4000, 3000), (4000, 3000)), ((12_000, 8_000), (4243, 2828)), ((8_000, 12_000), (2828, 4243)), ((9, 9), (9, 9))],
)
def test_the_copy_keeps_the_proportions(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert working_size(*size) == expected


def test_masks_of_a_smaller_copy_have_the_size_of_the_photograph(
    small_store: Path, small_copies: tuple[int, int], tmp_path: Path
) -> None:
    session = ReviewSession(small_store, "A")
    assert session.specimen.image.shape[:2] == session.regions.labels.shape == small_copies
    assert session.specimen.traits is not None
    assert session.specimen.traits.shape == small_copies
    labels = session.regions.labels.copy()
    labels[3:9, 5:12] = 1
    session.paint(labels)
    (kept,) = session.decide("accept").regions
    assert kept.rle["size"] == [64, 96]
    np.testing.assert_array_equal(decode(kept.rle), nearest(labels, (64, 96)) == 1)
    export(small_store, tmp_path / "png", format="png")
    with Image.open(tmp_path / "png" / "images" / f"{session.specimen.image_id}.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture) > 0, decode(kept.rle))


def test_a_mask_of_the_full_size_is_accepted_again_without_loss(
    small_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = ReviewSession(small_store, "A")
    rng = np.random.default_rng(4)
    session.paint((rng.random((64, 96)) < 0.4).astype(np.uint8))
    first = session.decide("accept")
    monkeypatch.setattr(shape, "WORKING_PIXELS", 1536)
    again = ReviewSession(small_store, "A")
    again.navigation.go_to(first.image_id)
    again.note = "the same"
    again.save_draft()
    assert again.decide("accept").regions == first.regions


def test_specimens_are_kept_by_the_memory_they_take(small_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = 96 * 64 * 5  # RGBA and traits
    monkeypatch.setattr(loaded_specimen, "KEPT_BYTES", 5 * one)
    loader = SpecimenLoader(open_store(small_store))
    ids = [f"Aus_bus-{i:03d}" for i in range(9)]
    for image_id in ids:
        assert loader.get(image_id).nbytes == one
    assert list(loader._loaded) == ids[-5:]
    monkeypatch.setattr(loaded_specimen, "KEPT_BYTES", 1)
    loader.get(ids[0])
    assert len(loader._loaded) == loaded_specimen.LEAST_KEPT
    loader.close()
