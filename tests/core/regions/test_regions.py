"""Thresholds: what they promise about shares holds for every map, and empty maps give empty regions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import binary_dilation, binary_erosion, gaussian_filter, zoom

from finercam_core.regions.outline import smooth
from finercam_core.regions.rle import decode, encode
from finercam_core.regions.shape import RegionShape, region_shape, shares, split
from finercam_core.regions.threshold import RegionError, region

maps = arrays(np.float32, (7, 9), elements=st.floats(-5, 5, width=32))
a_share = st.floats(0.01, 1.0)


@given(maps, a_share)
def test_top_is_never_more_than_its_share_unless_all_are_the_largest(values: np.ndarray, share: float) -> None:
    found = region(values, top=share)
    positive = values > 0
    assert not (found & ~positive).any()
    if found.any() and not (values[found] == values.max()).all():
        assert found.sum() <= max(1, share * values.size)
    if positive.any():
        assert found.any()
        assert values[found].min() >= values[~found].max() if (~found).any() else True


@given(maps, a_share)
def test_energy_is_reached_with_the_fewest_pixels(values: np.ndarray, share: float) -> None:
    found = region(values, energy=share)
    positive = np.maximum(values, 0).astype(np.float64)
    if positive.sum() == 0:
        assert not found.any()
        return
    assert positive[found].sum() >= share * positive.sum() * (1 - 1e-6)
    strictly = found & (values > values[found].min())
    assert positive[strictly].sum() <= share * positive.sum() * (1 + 1e-6)


def test_by_hand() -> None:
    values = np.array([[4.0, 3.0], [2.0, -1.0]])
    np.testing.assert_array_equal(region(values, top=0.5), [[True, True], [False, False]])
    np.testing.assert_array_equal(region(values, value=2), [[True, True], [True, False]])
    np.testing.assert_array_equal(region(values, energy=0.4), [[True, False], [False, False]])


@pytest.mark.parametrize("values", [np.zeros((3, 3)), -np.ones((3, 3)), np.full((3, 3), np.nan)])
def test_a_map_without_evidence_gives_an_empty_region(values: np.ndarray) -> None:
    assert not region(values, top=0.5).any()
    assert not region(values, energy=0.5).any()
    assert region_shape(region(values, top=0.5)) == RegionShape(area=0)


@pytest.mark.parametrize("limits", [{}, {"top": 0.1, "value": 1.0}, {"top": 0.0}, {"energy": 1.5}, {"value": np.nan}])
def test_impossible_thresholds_are_refused(limits: dict[str, float]) -> None:
    with pytest.raises(RegionError):
        region(np.ones((2, 2)), **limits)


@given(arrays(bool, st.tuples(st.integers(1, 20), st.integers(1, 20))))
def test_run_lengths_keep_every_pixel(mask: np.ndarray) -> None:
    np.testing.assert_array_equal(decode(encode(mask)), mask)


def test_measures_of_a_rectangle() -> None:
    mask = np.zeros((20, 30), bool)
    mask[5:9, 10:22] = True
    found = region_shape(mask)
    assert (found.area, found.bbox, found.centroid) == (48, (10, 5, 12, 4), (15.5, 6.5))


@given(arrays(np.float32, st.tuples(st.integers(30, 90), st.integers(30, 90)), elements=st.floats(-1, 1, width=32)))
def test_the_guess_from_a_sample_changes_nothing(values: np.ndarray) -> None:
    ordered = np.sort(values.ravel())[::-1]
    count = int(0.05 * values.size)
    expected = (values > 0) & (values >= ordered[count - 1])
    if ordered[count - 1] == ordered[count] and ordered[count] < ordered[0]:
        expected &= values > ordered[count]
    np.testing.assert_array_equal(region(values, top=0.05), expected)


def test_rounding_keeps_area_and_removes_corners() -> None:
    mask = np.zeros((80, 120), bool)
    mask[20:60, 30:90] = True
    found = smooth(mask, 4)
    assert abs(found.sum() - mask.sum()) < 0.03 * mask.sum()
    assert not found[20, 30]
    assert found[40, 60]
    np.testing.assert_array_equal(smooth(mask, 0), mask)
    assert not smooth(np.zeros((5, 5), bool), 3).any()


def test_rounding_at_the_border_of_the_picture_keeps_the_border() -> None:
    mask = np.zeros((60, 60), bool)
    mask[:, :20] = True
    np.testing.assert_array_equal(smooth(mask, 3), mask)


@pytest.mark.parametrize("radius", [0.7, 1.3, 2.4, 4.5, 9.9, 15.0])
def test_rounding_lies_within_two_pixels_of_the_gaussian_at_full_resolution(radius: float) -> None:
    values = zoom(np.random.default_rng(5).normal(size=(9, 11)), (31.3, 29.7), order=1)
    mask, beyond = region(values, top=0.2), int(4 * radius) + 1
    blurred = gaussian_filter(np.pad(mask.astype(float), beyond, mode="edge"), radius)
    exact = blurred[beyond:-beyond, beyond:-beyond] >= 0.5
    near = binary_dilation(exact, np.ones((5, 5))) & ~binary_erosion(exact, np.ones((5, 5)), border_value=1)
    differs = smooth(mask, radius) != exact
    assert not (differs & ~near).any()
    assert differs.sum() < 0.02 * exact.sum()


def test_parts_are_numbered_by_size() -> None:
    mask = np.zeros((30, 30), bool)
    mask[2:5, 2:5], mask[10:20, 10:20], mask[29, 29] = True, True, True
    found = split(mask)
    assert (found[15, 15], found[3, 3], found[29, 29]) == (1, 2, 0)
    assert set(np.unique(found)) == {0, 1, 2}


def test_shares_of_a_region_on_labels() -> None:
    labels = np.zeros((4, 4), np.uint8)
    labels[:, 2:] = 7
    mask = np.zeros((4, 4), bool)
    mask[0] = mask[1, 3] = True
    assert shares(mask, labels) == {7: 0.6, 0: 0.4}
    assert shares(np.zeros((4, 4), bool), labels) == {}
