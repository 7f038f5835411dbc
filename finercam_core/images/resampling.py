r"""Pillow's resampling as matrices, so that another device scales pictures as the CPU does.

An output pixel i of a part from `start` to `stop` that becomes n pixels lies at :math:`c_i = start + (i + ½) s`, with
:math:`s = (stop - start)/n`. Its weights of the input's pixels x are :math:`f((x + ½ - c_i) / \max(s, 1))`, normalised,
with f the filter: Pillow's own formula (`Resample.c`), which widens the filter where a picture shrinks.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
_CUBIC = -0.5
_LOBES = 3.0


def resampling_weights(
    pixels: int, start: float, stop: float, length: int, interpolation: str
) -> npt.NDArray[np.float32]:
    """Weights (pixels, length) of an input's pixels in each output pixel, rows of sum 1.

    Parameters
    ----------
    pixels : int
        Output pixels.
    start, stop : float
        What is scaled, in input pixels.
    length : int
        Input pixels.
    interpolation : {"bilinear", "bicubic", "lanczos"}
    """
    scale = (stop - start) / pixels
    centre = start + (np.arange(pixels) + 0.5) * scale
    kernel, support = FILTERS[interpolation]
    wide = max(scale, 1.0)
    first = np.floor(centre - support * wide + 0.5).clip(0)
    last = np.floor(centre + support * wide + 0.5).clip(max=length)
    x = np.arange(length)
    inside = (x >= first[:, None]) & (x < last[:, None])
    values = np.where(inside, kernel((x + 0.5 - centre[:, None]) / wide), 0.0)
    return np.asarray(values / values.sum(axis=1, keepdims=True), np.float32)


def _triangle(x: FloatArray) -> FloatArray:
    return np.asarray(np.maximum(1 - np.abs(x), 0))


def _cubic(x: FloatArray) -> FloatArray:
    """Keys' cubic convolution with a = -0.5."""
    a, x = _CUBIC, np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _lanczos(x: FloatArray) -> FloatArray:
    return np.where(np.abs(x) < _LOBES, np.sinc(x) * np.sinc(x / _LOBES), 0.0)


FILTERS: dict[str, tuple[Callable[[FloatArray], FloatArray], float]] = {
    "bilinear": (_triangle, 1.0),
    "bicubic": (_cubic, 2.0),
    "lanczos": (_lanczos, _LOBES),
}
"""By name: the filter, and how far it reaches in pixels."""
