"""timm's own preparations: the same pixels as timm's transform, and maps that come back to where they were."""

import itertools

import numpy as np
import pytest
import timm.data
from PIL import Image

from finercam_core.images.preparation import Mode, Preparation, to_image

SIZES = [(600, 200), (200, 600), (301, 299)]
CASES = list(itertools.product(["crop", "squash", "border"], [0.8, 1.0, 1.15], [(64, 64), (48, 96)]))
NAMES = {"crop": "center", "squash": "squash", "border": "border"}
MEAN, STD = (0.2, 0.4, 0.6), (0.3, 0.3, 0.3)


def smooth(size: tuple[int, int]) -> Image.Image:
    spots = np.random.default_rng(0).integers(0, 255, (6, 6, 3), np.uint8)
    return Image.fromarray(spots).resize(size, Image.Resampling.BICUBIC)


@pytest.mark.parametrize(("mode", "fraction", "sides"), CASES)
@pytest.mark.parametrize("size", SIZES)
def test_the_pixels_are_those_of_timm(
    mode: Mode, fraction: float, sides: tuple[int, int], size: tuple[int, int]
) -> None:
    """Up to the rounding of sizes to whole pixels, which shifts timm's picture by up to a pixel."""
    image = smooth(size)
    ours = Preparation(*sides, mode, fraction, MEAN, STD, "bicubic").resize(image).astype(int)
    transform = timm.data.create_transform(
        (3, *sides), crop_pct=fraction, crop_mode=NAMES[mode], mean=MEAN, std=STD, interpolation="bicubic"
    )
    values = np.moveaxis(transform(image).numpy(), 0, -1)
    theirs = np.rint(255 * (values * STD + MEAN)).astype(int)
    assert ours.shape == theirs.shape
    assert np.median(np.abs(ours - theirs)) <= 3
    assert np.mean(np.abs(ours - theirs).max(axis=2) > 30) < 0.1


@pytest.mark.parametrize(("mode", "fraction", "sides"), [*CASES, ("pad", 1.0, (64, 64)), ("pad", 1.15, (48, 96))])
@pytest.mark.parametrize("size", SIZES)
def test_a_mark_comes_back_to_where_it_was(
    mode: Mode, fraction: float, sides: tuple[int, int], size: tuple[int, int]
) -> None:
    """A bright square near the middle, through the preparation, a grid of 4 pixels a cell, and back to the image."""
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    cy, cx = size[1] // 2 + 12, size[0] // 2 - 20
    pixels[cy - 16 : cy + 16, cx - 16 : cx + 16] = 255
    preparation = Preparation(*sides, mode, fraction, fill=(0, 0, 0))
    seen = preparation.resize(Image.fromarray(pixels))[..., 0].astype(float)
    grid = seen.reshape(sides[0] // 4, 4, sides[1] // 4, 4).mean(axis=(1, 3))
    back = to_image(grid, preparation.window(size), size)
    rows, columns = np.indices(back.shape)
    found = (back * rows).sum() / back.sum(), (back * columns).sum() / back.sum()
    np.testing.assert_allclose(found, (cy, cx), atol=0.03 * max(size))


def test_a_padded_grid_reaches_beyond_the_image() -> None:
    preparation = Preparation(100, 150, "squash", covered=(112, 160))
    assert preparation.window((300, 200)) == (0, 0, 320, 224)
    assert Preparation.from_dict(preparation.to_dict()) == preparation
    assert "covered" not in Preparation(100, 150).to_dict()
