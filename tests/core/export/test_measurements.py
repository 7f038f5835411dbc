"""Measurements of a region that is known by hand."""

import numpy as np

from finercam_core.export.measurements import COLUMNS, measurements
from finercam_core.masks import specimen_region
from finercam_core.traits import Trait

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
    assert set(row) == set(COLUMNS)
    assert row["area_px"] == 100
    assert row["area_share"] == round(100 / 2400, 6)
    assert (row["centroid_x_px"], row["centroid_y_px"]) == (44.5, 24.5)
    assert (row["body_x"], row["body_y"], row["body_share"]) == (0.875, 0.5, 0.25)
    assert (row["mean_red"], row["mean_green"], row["mean_blue"]) == (10, 20, 30)
    assert (row["main_trait"], row["main_trait_share"]) == ("tail", 0.5)


def test_what_is_not_known_is_empty() -> None:
    image, _ = scene()
    mask = np.zeros((40, 60), bool)
    assert measurements(mask, image, None, (), None)["area_px"] == 0
    mask[3, 4] = True
    row = measurements(mask, image, None, (), None)
    assert (row["body_x"], row["main_trait"]) == ("", "")
    assert measurements(mask, image, np.zeros((40, 60), np.uint8), NAMES, None)["body_x"] == ""
