"""From an image to the model's input, and from a map on the model's grid back to image pixels.

One rule holds both directions together: the model's input shows a rectangular `window` of the image, in
image pixels, possibly reaching beyond its edges. A grid cell covers its equal share of that window.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt
from PIL import Image

from finercam_core.errors import ClassifierError

FloatArray = npt.NDArray[np.float32]
Mode = Literal["pad", "squash", "crop", "border"]
_MODES = get_args(Mode)
_RESAMPLING = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "nearest": Image.Resampling.NEAREST,
}
# Largest share of the image's sides that the input may have.
_MOST_BORDER = 10.0
_ROUNDING = 1e-6


class Window(NamedTuple):
    """Rectangle of the image that the model sees, in image pixels (x to the right, y down, edges of pixels)."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Side:
    """How one side of an image goes into one side of the input.

    Attributes
    ----------
    start, stop : float
        What is used of the image, in image pixels.
    before, inner : int
        Pixels of the input before the image, and of the image.
    """

    start: float
    stop: float
    before: int
    inner: int

    @classmethod
    def of(cls, length: int, pixels: int, scale: float) -> "Side":
        """For an image of some length, scaled, in the middle of an input of some pixels."""
        scaled = length * scale
        if scaled <= pixels + _ROUNDING:
            inner = max(1, round(scaled))
            return cls(0.0, float(length), (pixels - inner) // 2, inner)
        half = pixels / scale / 2
        return cls(max(length / 2 - half, 0.0), min(length / 2 + half, float(length)), 0, pixels)

    @property
    def pixels_each(self) -> float:
        """Image pixels for every pixel of the input."""
        return (self.stop - self.start) / self.inner

    @property
    def edge(self) -> float:
        """Where the input begins, in image pixels; outside the image where there is a border."""
        return self.start - self.before * self.pixels_each


@dataclass(frozen=True)
class Preparation:
    """How an image becomes a model's input.

    Parameters
    ----------
    height, width : int
        Size of the model's input in pixels.
    mode : {"pad", "squash", "crop", "border"}
        `pad` extends the image with its edge values to the input's aspect ratio (Fish-Vista's own recipe), so that
        the whole specimen is seen undistorted; `squash` stretches; `crop` takes the centre, as ImageNet evaluation
        does; `border` is `pad` with one colour around the image, as in timm.
    crop_fraction : float
        The share of the input's sides that the centre of the scaled image fills: below 1 its edges are cut off, above 1
        there is a border around it (timm's `crop_pct`).
    mean, std : tuple of three floats
        Normalisation per RGB channel of values in [0, 1].
    interpolation : {"bilinear", "bicubic", "lanczos", "nearest"}
    fill : tuple of three ints, optional
        Colour around the image; by default its edge values with `pad`, `mean` with `border`, and black otherwise.
    covered : (int, int), optional
        Height and width in input pixels that the model's grid covers, where it pads its input on the right and below.
    """

    height: int
    width: int
    mode: Mode = "pad"
    crop_fraction: float = 1.0
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    interpolation: str = "bilinear"
    fill: tuple[int, int, int] | None = None
    covered: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Refuse impossible settings at once."""
        if self.mode not in _MODES:
            raise ClassifierError(f"unknown preparation mode {self.mode!r}", f"use one of {', '.join(_MODES)}")
        if self.interpolation not in _RESAMPLING:
            raise ClassifierError(f"unknown interpolation {self.interpolation!r}", f"use one of {list(_RESAMPLING)}")
        if not (self.height > 0 and self.width > 0 and 0 < self.crop_fraction <= _MOST_BORDER):
            raise ClassifierError(
                f"the input size {self.height}x{self.width} or crop {self.crop_fraction} is impossible",
                f"give sides of at least 1 pixel and a crop in (0, {_MOST_BORDER:g}]",
            )

    def window(self, image_size: tuple[int, int]) -> Window:
        """Rectangle of an image of `image_size` (width, height) that the model's grid covers, in image pixels."""
        x, y = self.placement(image_size)
        height, width = self.covered or (self.height, self.width)
        return Window(x.edge, y.edge, x.edge + width * x.pixels_each, y.edge + height * y.pixels_each)

    def placement(self, image_size: tuple[int, int]) -> tuple["Side", "Side"]:
        """Where the image's width and height go."""
        w, h = image_size
        across, down = self.width / w, self.height / h
        if self.mode in ("pad", "border"):
            across = down = min(across, down)
        elif self.mode == "crop":
            across = down = max(across, down)
        zoom = 1 / self.crop_fraction
        return Side.of(w, self.width, across * zoom), Side.of(h, self.height, down * zoom)

    def resize(self, image: Image.Image, photograph: tuple[int, int] | None = None) -> npt.NDArray[np.uint8]:
        """Cut and scale an RGB image to the input size: uint8 of shape (height, width, 3).

        Parameters
        ----------
        image : PIL.Image.Image
        photograph : (int, int), optional
            Width and height of the photograph of which `image` is a copy at 1/2, 1/4 or 1/8, its size rounded up. What
            is cut out is then that of the photograph, to the fraction of a pixel.
        """
        w, h = photograph or image.size
        x, y = self.placement((w, h))
        reduced = round(w / image.width)
        part = (x.start / reduced, y.start / reduced, x.stop / reduced, y.stop / reduced)
        inner = np.asarray(image.resize((x.inner, y.inner), _RESAMPLING[self.interpolation], box=part), np.uint8)
        around = ((y.before, self.height - y.before - y.inner), (x.before, self.width - x.before - x.inner))
        fill = self.colour_around
        if fill is None:
            return np.pad(inner, (*around, (0, 0)), mode="edge")
        result = np.empty((self.height, self.width, 3), np.uint8)
        result[:] = fill
        result[y.before : y.before + y.inner, x.before : x.before + x.inner] = inner
        return result

    @property
    def colour_around(self) -> tuple[int, int, int] | None:
        """Colour around the image; None for its own edge values."""
        if self.fill is not None or self.mode == "pad":
            return self.fill
        red, green, blue = (round(255 * value) for value in self.mean)
        return (red, green, blue) if self.mode == "border" else (0, 0, 0)

    def enough(self, photograph: tuple[int, int], factor: float = 2.0) -> tuple[int, int]:
        """Width and height at which a photograph still has `factor` pixels, each way, for every pixel of the input."""
        x, y = self.placement(photograph)
        w, h = photograph
        return (
            math.ceil(factor * x.inner * w / (x.stop - x.start)),
            math.ceil(factor * y.inner * h / (y.stop - y.start)),
        )

    @property
    def normalisation(self) -> tuple[FloatArray, FloatArray]:
        r"""Scale and shift of each RGB channel: :math:`x = v / (255 σ) - μ / σ` of a pixel's value v, float32 (3,)."""
        std = np.asarray(self.std, np.float32)
        return np.asarray(255.0, np.float32) * std, np.asarray(self.mean, np.float32) / std

    def normalise(self, pixels: npt.NDArray[np.uint8]) -> FloatArray:
        """Scale uint8 pixels (..., height, width, 3) to float32 (..., 3, height, width), see `normalisation`."""
        scale, shift = self.normalisation
        return np.ascontiguousarray(np.moveaxis(pixels / scale - shift, -1, -3), dtype=np.float32)

    def __call__(self, image: Image.Image) -> FloatArray:
        """Prepare one RGB image: float32 of shape (3, height, width)."""
        return self.normalise(self.resize(image))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON, without those that are not set; `from_dict` gives the same preparation."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Preparation":
        """Inverse of `to_dict`; lists become tuples again."""
        plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return cls(**plain)


def _weights(cells: int, start: float, stop: float, pixels: int) -> FloatArray:
    """Matrix (pixels, cells) of linear interpolation from cell centres to pixel centres, constant beyond the ends."""
    position = ((np.arange(pixels) + 0.5 - start) / (stop - start) * cells - 0.5).clip(0, cells - 1)
    low = np.minimum(position.astype(np.intp), max(cells - 2, 0))
    weights = np.zeros((pixels, cells), np.float32)
    fraction = (position - low).astype(np.float32)
    rows = np.arange(pixels)
    weights[rows, low] = 1 - fraction
    weights[rows, np.minimum(low + 1, cells - 1)] += fraction
    return weights


def to_image(grid: npt.ArrayLike, window: Window, image_size: tuple[int, int]) -> FloatArray:
    """Bring a map on the model's grid to image pixels by bilinear interpolation.

    Parameters
    ----------
    grid : array (..., h, w)
        Values at the cells of the model's grid.
    window : Window
        What the model saw of the image, `Preparation.window(image_size)`.
    image_size : (int, int)
        Width and height of the image in pixels.

    Returns
    -------
    float32 array (..., height, width); pixels that the model did not see (outside the window) are 0.
    """
    grid = np.asarray(grid, np.float32)
    h, w = grid.shape[-2:]
    rows, columns = cell_weights((h, w), window, image_size)
    # With the transposed view OpenBLAS starts its threads for every map, which costs a hundred times what they compute.
    result: FloatArray = rows @ grid @ np.ascontiguousarray(columns.T)
    return result


def cell_weights(grid: tuple[int, int], window: Window, image_size: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    """The two matrices of `to_image`: ``to_image(g) == rows @ g @ columns.T``.

    Their transposes sum pixels into cells: ``rows.T @ mask @ columns`` is how much of a mask each cell covers, so
    that the sum of a map over a mask can be computed on the model's grid without scaling any map up.

    Parameters
    ----------
    grid : (int, int)
        Height and width of the model's grid in cells.
    window, image_size
        See `to_image`.

    Returns
    -------
    rows : float32 array (height, h)
    columns : float32 array (width, w)
        Zero for pixels that the model did not see.
    """
    w, h = image_size
    rows = _weights(grid[0], window.top, window.bottom, h)
    columns = _weights(grid[1], window.left, window.right, w)
    seen_y = (np.arange(h) + 0.5 > window.top) & (np.arange(h) + 0.5 < window.bottom)
    seen_x = (np.arange(w) + 0.5 > window.left) & (np.arange(w) + 0.5 < window.right)
    return rows * seen_y[:, None], columns * seen_x[:, None]
