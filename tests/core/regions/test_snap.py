"""Snapping finds an edge that is known, moves no outline farther than its reach, and loses no part of a region."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from finercam_core.regions.snap import SnapSettings, plain_ground, snap

SHAPE = (240, 360)
ROWS, COLUMNS = np.mgrid[: SHAPE[0], : SHAPE[1]]


def ellipse(row: float, column: float, height: float, width: float) -> np.ndarray:
    return ((ROWS - row) / height) ** 2 + ((COLUMNS - column) / width) ** 2 <= 1


def photograph(specimen: np.ndarray, seed: int = 0, grain: float = 12, contrast: int = 60) -> np.ndarray:
    colours = np.where(specimen[..., None], (110 + contrast, 130, 60), (110, 130, 150)).astype(float)
    return (colours + np.random.default_rng(seed).normal(0, grain, (*SHAPE, 3))).clip(0, 255).astype(np.uint8)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize(
    ("offset", "grown"),
    [((0, 0), 6), ((0, 0), -6), ((4, -4), 0), ((-3, 3), 3)],
    ids=["larger", "smaller", "beside", "both"],
)
def test_the_outline_comes_to_the_edge(offset: tuple[int, int], grown: int) -> None:
    specimen = ellipse(120, 180, 60, 110)
    rough = ellipse(120 + offset[0], 180 + offset[1], 60 + grown, 110 + grown)
    snapped = snap(photograph(specimen), rough, SnapSettings(reach=30))
    assert overlap(rough, specimen) < 0.93
    assert overlap(snapped, specimen) > 0.97
    again = snap(photograph(specimen), snapped, SnapSettings(reach=30))
    assert overlap(again, snapped) > 0.98


def test_a_photograph_without_an_edge_moves_no_outline_beyond_its_reach() -> None:
    rough, reach = ellipse(120, 180, 60, 110), 20.0
    bound = reach / 1000 * max(SHAPE)
    snapped = snap(photograph(np.zeros(SHAPE, bool)), rough, SnapSettings(reach=reach))
    away = np.maximum(distance_transform_edt(rough), distance_transform_edt(~rough))
    assert away[snapped != rough].max() <= bound + 1


def test_parts_and_gaps_thinner_than_the_reach_are_kept() -> None:
    region = np.zeros(SHAPE, bool)
    region[20:23, 30:200] = True  # a spine
    region[100:200, 50:250] = True
    region[140:146, 100:200] = False  # a slit
    region[5, 5] = True  # one pixel
    snapped = snap(photograph(np.zeros(SHAPE, bool)), region, SnapSettings(reach=30))
    assert snapped[21, 60:170].all()
    assert snapped[5, 5]
    assert not snapped[143, 110:190].any()


def test_a_specimen_that_fills_the_frame_does_not_swallow_the_corners() -> None:
    specimen = ellipse(120, 180, 118, 178)
    snapped = snap(photograph(specimen), ellipse(120, 180, 112, 172), SnapSettings(reach=60))
    assert overlap(snapped, specimen) > 0.96


def test_large_photographs_are_snapped_on_a_copy_to_within_its_pixels() -> None:
    specimen = ellipse(120, 180, 60, 110)
    large = photograph(specimen, grain=0).repeat(8, axis=0).repeat(8, axis=1)
    snapped = snap(large, ellipse(120, 180, 64, 114).repeat(8, axis=0).repeat(8, axis=1), SnapSettings(reach=20))
    assert overlap(snapped, specimen.repeat(8, axis=0).repeat(8, axis=1)) > 0.97


def test_nothing_stays_nothing_and_everything_becomes_the_specimen() -> None:
    specimen = ellipse(120, 180, 60, 110)
    assert not snap(photograph(specimen), np.zeros(SHAPE, bool)).any()
    assert overlap(snap(photograph(specimen), np.ones(SHAPE, bool)), specimen) > 0.97


def test_what_lies_on_the_plain_ground_is_left_out() -> None:
    specimen = ellipse(120, 180, 50, 110)
    light = (1 - 0.25 * (COLUMNS / SHAPE[1]) ** 2)[..., None]  # it falls off to one side
    picture = (photograph(specimen, grain=3) * light).astype(np.uint8)
    heat = ellipse(165, 190, 40, 60)  # as an evidence map has it: half of it below the belly
    assert (heat & ~specimen).sum() > 0.4 * heat.sum()
    snapped = snap(picture, heat)
    assert (snapped & ~specimen).sum() < 0.03 * snapped.sum()
    assert overlap(snapped, heat & specimen) > 0.8


def test_ground_of_many_colours_is_not_taken_for_plain() -> None:
    leaves = np.random.default_rng(2).integers(0, 255, (24, 36, 3), np.uint8).repeat(10, axis=0).repeat(10, axis=1)
    assert not plain_ground(leaves).any()
    assert plain_ground(photograph(ellipse(120, 180, 50, 110), grain=3)).mean() > 0.5


def test_it_is_the_same_each_time_and_ignores_opacity() -> None:
    picture, rough = photograph(ellipse(120, 180, 60, 110)), ellipse(118, 180, 66, 110)
    opaque = np.dstack([picture, np.full(SHAPE, 255, np.uint8)])
    np.testing.assert_array_equal(snap(picture, rough), snap(opaque, rough))
