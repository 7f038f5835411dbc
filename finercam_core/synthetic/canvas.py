"""Antialiased shapes on a canvas that also remembers which part each pixel shows."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

FloatArray = npt.NDArray[np.float32]
_FINE = 3


class Patch(NamedTuple):
    """A window of the canvas and how much of each pixel a shape covers, float32 (h, w) in [0, 1]."""

    where: tuple[slice, slice]
    cover: FloatArray


class Canvas:
    """A picture under construction.

    Attributes
    ----------
    colour : float32 array (height, width, 3), in [0, 1]
    parts : uint8 array (height, width)
        Id of the topmost part whose shape covers at least half of the pixel.
    """

    def __init__(self, colour: FloatArray) -> None:
        self.colour = colour
        self.parts: npt.NDArray[np.uint8] = np.zeros(colour.shape[:2], np.uint8)

    def fill(self, outline: npt.NDArray[np.float64]) -> Patch:
        """Patch of a closed outline (n, 2) in pixels."""
        return self._rasterise([outline], 0, closed=True)

    def stroke(self, lines: Iterable[npt.NDArray[np.float64]], width: float) -> Patch:
        """Patch of polylines, each (n, 2) in pixels, `width` pixels thick."""
        return self._rasterise(list(lines), width, closed=False)

    def _rasterise(self, shapes: list[npt.NDArray[np.float64]], width: float, *, closed: bool) -> Patch:
        points = np.concatenate(shapes)
        limit = np.array(self.parts.shape[::-1])
        low = np.clip(np.floor(points.min(0) - width - 1), 0, limit - 1).astype(int)
        high = np.clip(np.ceil(points.max(0) + width + 1), low + 1, limit).astype(int)
        fine = Image.new("L", tuple((high - low) * _FINE))
        draw = ImageDraw.Draw(fine)
        for shape in shapes:
            path = [(float(x), float(y)) for x, y in (shape - low) * _FINE - 0.5]
            if closed:
                draw.polygon(path, fill=255)
            else:
                draw.line(path, fill=255, width=max(1, round(width * _FINE)), joint="curve")
        cover = np.asarray(fine.reduce(_FINE), np.float32) / np.float32(255)
        return Patch((slice(low[1], high[1]), slice(low[0], high[0])), cover)

    def blend(self, patch: Patch, colour: npt.ArrayLike, *, opacity: float = 1.0, part: int | None = None) -> None:
        """Paint a colour, (3,) or (h, w, 3), over a patch; with `part`, note what the pixels now show."""
        cover = patch.cover * np.float32(opacity)
        below = self.colour[patch.where]
        below += cover[..., None] * (np.asarray(colour, np.float32) - below)
        if part is not None:
            self.parts[patch.where][patch.cover >= 0.5] = part
