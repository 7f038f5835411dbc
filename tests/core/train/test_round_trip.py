"""A dot in a photograph, seen on the model's grid, comes back to its place: every preparation, odd sizes."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from finercam_core.images.preparation import Preparation, to_image

CELL = 8


@pytest.mark.parametrize("size", [(161, 119), (97, 203), (128, 96), (333, 41)])
@pytest.mark.parametrize("shape", [(96, 128), (64, 64), (104, 56)])
@pytest.mark.parametrize(("mode", "crop"), [("pad", 1.0), ("squash", 1.0), ("crop", 1.0), ("crop", 0.8)])
def test_a_dot_returns_within_one_cell(size: tuple[int, int], shape: tuple[int, int], mode: str, crop: float) -> None:
    preparation = Preparation(*shape, mode=mode, crop_fraction=crop)  # type: ignore[arg-type]
    window = preparation.window(size)
    cell = (window.right - window.left) / (shape[1] / CELL), (window.bottom - window.top) / (shape[0] / CELL)
    for fx, fy in ((0.5, 0.5), (0.25, 0.7), (0.8, 0.15)):
        low = max(window.left, 0), max(window.top, 0)
        high = min(window.right, size[0]), min(window.bottom, size[1])
        x, y = low[0] + fx * (high[0] - low[0]), low[1] + fy * (high[1] - low[1])
        picture = Image.new("RGB", size)
        reach = max(cell[0], cell[1], 2.0) / 2
        ImageDraw.Draw(picture).ellipse((x - reach, y - reach, x + reach, y + reach), fill=(255, 255, 255))
        seen = preparation.resize(picture)[..., 0].astype(np.float32)
        grid = seen.reshape(shape[0] // CELL, CELL, shape[1] // CELL, CELL).mean((1, 3))
        back = to_image(grid, window, size)
        down, right = np.unravel_index(int(back.argmax()), back.shape)
        assert abs(right + 0.5 - x) <= cell[0] + 0.5
        assert abs(down + 0.5 - y) <= cell[1] + 0.5
