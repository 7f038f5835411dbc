"""The common frame: what was turned, moved and scaled comes back to the same place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finercam_core.diagnosis.alignment.frame import COARSE, Placement, carried, frame_points, placement, to_frame
from finercam_core.diagnosis.alignment.frame_regions import frame_regions, region_name
from finercam_core.diagnosis.alignment.specimen_pictures import foreground, seen
from finercam_core.diagnosis.places import frame_matrix
from finercam_core.images.preparation import Preparation

angles, scales = st.floats(-0.7, 0.7), st.floats(5, 40)


@given(angles, scales, st.floats(0, 100), st.booleans())
def test_there_and_back(angle: float, scale: float, x: float, mirrored: bool) -> None:
    where = Placement((x, 30.0), scale, angle, mirrored)
    points = np.random.default_rng(0).normal(size=(9, 2))
    np.testing.assert_allclose(where.to_frame(where.to_picture(points)), points, atol=1e-9)


def ellipse(where: Placement, size: tuple[int, int] = (96, 128)) -> tuple[np.ndarray, np.ndarray]:
    """A body two and a half times as long as high, and its head, as a placement says."""
    ys, xs = np.mgrid[: size[0], : size[1]]
    x, y = np.moveaxis(where.to_frame(np.stack([xs, ys], -1)), -1, 0)
    body = (x / 1.0) ** 2 + (y / 0.32) ** 2 <= 1
    return body, body & (x < -0.6)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("angle", [-0.5, 0.0, 0.4])
def test_a_specimen_is_found_as_it_was_placed(angle: float, mirrored: bool) -> None:
    body, head = ellipse(Placement((60.0, 44.0), 34.0, angle, mirrored))
    found = placement(body, head)
    np.testing.assert_allclose(found.centre, (60, 44), atol=0.3)
    assert found.angle == pytest.approx(angle, abs=0.02)
    assert found.mirrored == mirrored
    assert not placement(body).mirrored


def test_a_round_specimen_has_no_axis_and_a_high_one_is_not_turned() -> None:
    ys, xs = np.mgrid[:64, :64]
    assert placement((xs - 30) ** 2 + (ys - 31) ** 2 < 400).angle == 0
    assert placement(((xs - 30) / 8) ** 2 + ((ys - 31) / 24) ** 2 < 1).angle == 0


def test_a_place_is_carried_from_one_specimen_to_another() -> None:
    here, there = Placement((60.0, 44.0), 34.0, 0.4, True), Placement((70.0, 50.0), 26.0, -0.3)
    (body, head), (_, other_head) = ellipse(here), ellipse(there)
    moved = carried(other_head.astype(float), there, here, body.shape) > 0.5
    assert (moved & head).sum() / (moved | head).sum() > 0.85
    assert np.abs(to_frame(head, here, 64) - to_frame(other_head, there, 64)).mean() < 0.01


def test_a_map_is_read_at_the_frames_cells() -> None:
    """A map that is linear in x and y is read exactly."""
    grid, size, where = (12, 16), (96, 128), Placement((64.0, 48.0), 20.0, 0.3)
    rows, columns = np.mgrid[:12, :16]
    values = 2.0 * columns - 3.0 * rows
    read = frame_matrix(where, size, grid, 8) @ values.ravel()
    x, y = np.moveaxis(where.to_picture(frame_points(8)).reshape(-1, 2), -1, 0)
    np.testing.assert_allclose(read, 2 * ((x + 0.5) / 8 - 0.5) - 3 * ((y + 0.5) / 8 - 0.5), atol=1e-9)


def test_regions_are_apart_and_the_highest_comes_first() -> None:
    ys, xs = np.mgrid[:COARSE, :COARSE]
    hills = 2 * np.exp(-((xs - 6) ** 2 + (ys - 12) ** 2) / 4) + np.exp(-((xs - 17) ** 2 + (ys - 12) ** 2) / 4)
    body = abs(ys - 12) < 6
    first, second = frame_regions(hills, body, body)
    assert first[12, 6]
    assert second[12, 17]
    assert not (first & second).any()
    assert region_name(first, body) == "middle left of the specimen as pictured"
    assert frame_regions(-hills, body, body) == []


def test_a_specimen_on_an_even_ground_is_found_and_on_a_busy_one_is_not() -> None:
    body, _ = ellipse(Placement((60.0, 44.0), 34.0, 0.2))
    rng = np.random.default_rng(0)
    plain = np.where(body[..., None], 90, 225) + rng.normal(0, 5, (96, 128, 3))
    found = foreground(plain.clip(0, 255).astype(np.uint8))
    assert found is not None
    assert not (body & ~found).any()
    np.testing.assert_allclose(placement(found).centre, (60, 44), atol=0.5)
    assert placement(found).angle == pytest.approx(0.2, abs=0.03)
    assert foreground(rng.integers(0, 255, (96, 128, 3)).astype(np.uint8)) is None
    assert foreground(np.full((20, 20, 3), 7, np.uint8)) is None


@pytest.mark.parametrize("mode", ["pad", "squash", "crop"])
def test_a_mask_is_seen_where_the_model_sees_the_picture(mode: str) -> None:
    body, _ = ellipse(Placement((60.0, 44.0), 34.0, 0.2))
    preparation = Preparation(64, 64, mode=mode)  # type: ignore[arg-type]
    from PIL import Image

    pixels = preparation.resize(Image.fromarray(np.repeat(body[..., None] * np.uint8(255), 3, axis=2)))
    assert ((pixels[..., 0] > 127) == (seen(body, preparation) > 0)).mean() > 0.97
