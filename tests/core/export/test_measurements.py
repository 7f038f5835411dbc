"""Measurements of a region that is known by hand."""

from dataclasses import asdict

import numpy as np
import pytest

from finercam_core.export.measurements import COLUMNS, measurements
from finercam_core.regions.masks import specimen_region
from finercam_core.regions.traits import Trait

NAMES = (Trait(1, "head"), Trait(2, "tail"))


def scene() -> tuple[np.ndarray, np.ndarray]:
    """A body from column 10 to 49 and row 20 to 29: the head left, the tail right, the trunk without a label."""
    image = np.full((40, 60, 3), 200, np.uint8)
    image[20:30, 40:50] = (10, 20, 30)
    traits = np.zeros((40, 60), np.uint8)
    traits[20:30, 10:15], traits[20:30, 45:50] = 1, 2
    return image, traits


def test_by_hand() -> None:
    image, traits = scene()
    mask = np.zeros((40, 60), bool)
    mask[20:30, 40:50] = True
    row = measurements(mask, image, traits, NAMES, specimen_region(traits))
    assert set(asdict(row)) == set(COLUMNS)
    assert row.area_px == 100
    assert row.area_share == round(100 / 2400, 6)
    assert (row.centroid_x_px, row.centroid_y_px) == (44.5, 24.5)
    assert (row.body_x, row.body_y, row.body_share) == (0.875, 0.5, 0.25)
    assert (row.mean_red, row.mean_green, row.mean_blue) == (10, 20, 30)
    assert (row.main_trait, row.main_trait_share) == ("tail", 0.5)


@pytest.mark.parametrize("turned", [False, True])
def test_length_and_breadth_are_the_axes_of_the_ellipse_of_equal_second_moments(turned: bool) -> None:
    mask = np.zeros((40, 40), bool)
    mask[10:15, 8:28] = True
    row = measurements(mask.T if turned else mask, np.zeros((40, 40, 3), np.uint8), None, (), None)
    # n pixels in a row have the variance (n² - 1) / 12, and a full axis is four standard deviations.
    assert row.length_px == pytest.approx(4 * np.sqrt((20**2 - 1) / 12), abs=0.01)
    assert row.breadth_px == pytest.approx(4 * np.sqrt((5**2 - 1) / 12), abs=0.01)


def test_where_a_region_lies_on_a_body_that_is_known_whole() -> None:
    mask, body = np.zeros((20, 50), bool), np.zeros((20, 50), bool)
    body[4:16, 10:50] = True
    mask[2:6, 10:14] = True  # half of it above the body, at its left end
    row = measurements(mask, np.zeros((20, 50, 3), np.uint8), None, (), body)
    assert (row.body_x, row.body_y) == (0.05, 0.0)
    assert row.body_share == round(8 / 480, 6)


def test_what_is_not_known_is_empty() -> None:
    image, _ = scene()
    mask = np.zeros((40, 60), bool)
    assert measurements(mask, image, None, (), None).area_px == 0
    mask[3, 4] = True
    row = measurements(mask, image, None, (), None)
    assert (row.body_x, row.main_trait) == (None, None)
    assert measurements(mask, image, np.zeros((40, 60), np.uint8), NAMES, None).body_x is None
