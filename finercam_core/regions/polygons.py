"""Polygons of a mask: along the edges of its pixels, or through the middles of its outermost ones."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from finercam_core.regions.outline import Mask

Ring = npt.NDArray[np.int64]
"""Corners (n, 2) of a closed line, x and y, the first not repeated."""
Part = list[Ring]
"""The outer ring of a connected part, then those of its holes."""


def connected_parts(mask: Mask) -> list[Part]:
    r"""Outlines of the parts of a mask that hang together by edges, along the edges of pixels.

    Parameters
    ----------
    mask : bool array (height, width)

    Returns
    -------
    list of lists of rings
        Corners are in pixels from the upper left corner of the image, x to the right and y down. Outer rings run so
        that :math:`\sum_i (x_i y_{i+1} - x_{i+1} y_i)` is positive, holes the other way round; each begins at its
        topmost, then leftmost corner. Burning a part into the pixels whose centres it covers gives it back.
    """
    from rasterio.features import shapes

    found = [part["coordinates"] for part, _ in shapes(mask.astype(np.uint8), mask=mask, connectivity=4)]
    return [[_turned(ring, outer=not number) for number, ring in enumerate(rings)] for rings in found]


def _turned(corners: Sequence[Any], *, outer: bool) -> Ring:
    ring = np.asarray(corners[:-1], np.int64)
    if (signed_area(ring) > 0) is not outer:
        ring = ring[::-1]
    return np.roll(ring, -int(np.lexsort(ring.T)[0]), axis=0)


def signed_area(ring: Ring) -> float:
    """Area inside a ring in pixels, negative for holes as `connected_parts` gives them."""
    x, y = ring.T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def svg_path(parts: Sequence[Part]) -> str:
    """The `d` of an SVG path, for the fill rule "evenodd"."""
    rings = ("L".join(f"{x} {y}" for x, y in ring.tolist()) for part in parts for ring in part)
    return "".join(f"M{ring}Z" for ring in rings)


def through_pixels(part: Part, mask: Mask) -> Ring:
    """A part of a mask as one line through the middles of its outermost pixels, led to each hole and back.

    Filled together with its boundary, as OpenCV's `fillPoly` does, it gives the part back: the ways to the
    holes run over pixels of the part. A part of fewer than three pixels repeats its last.

    Parameters
    ----------
    part : list of rings
        One of `connected_parts` of the mask.
    mask : bool array (height, width)

    Returns
    -------
    int array (n, 2)
        x and y of pixels, counted from 0; at least three.
    """
    line, *holes = [_inner_pixels(ring) for ring in part]
    for hole in sorted(holes, key=lambda pixels: int(pixels[:, 0].min())):
        line = _led_to(line, hole, mask)
    return line if len(line) > 2 else np.concatenate([line, np.repeat(line[-1:], 3 - len(line), axis=0)])


def _inner_pixels(ring: Ring) -> Ring:
    """The pixels of the mask along a ring, which are at its right hand, the ends of each straight run."""
    following = np.roll(ring, -1, axis=0)
    step = np.sign(following - ring)
    # A pixel is called by its upper left corner: going down or left it is one column back, left or up one row.
    back = np.stack([(step[:, 1] > 0) | (step[:, 0] < 0), (step[:, 0] < 0) | (step[:, 1] < 0)], 1)
    ends = np.stack([ring - back, following - back - step], 1).reshape(-1, 2)
    return ends[np.r_[True, (ends[1:] != ends[:-1]).any(1)]]


def _led_to(line: Ring, hole: Ring, mask: Mask) -> Ring:
    """A line that goes left from the leftmost pixel around a hole until it meets what it has so far, and back."""
    start = int(np.lexsort((hole[:, 1], hole[:, 0]))[0])
    x, y = hole[start].tolist()
    outside = np.flatnonzero(~mask[y, :x])
    meeting = np.array([int(outside[-1]) + 1 if len(outside) else 0, y])
    at = _segment_through(line, meeting)
    around = np.roll(hole, -start, axis=0)
    return np.concatenate([line[: at + 1], [meeting], around, around[:1], [meeting], line[at + 1 :]])


def _segment_through(line: Ring, point: Ring) -> int:
    """Number of the first straight run of a line on which a pixel lies."""
    start, end = line, np.roll(line, -1, axis=0)
    inside = ((np.minimum(start, end) <= point) & (point <= np.maximum(start, end))).all(1)
    (dx, dy), (px, py) = (end - start).T, (point - start).T
    return int(np.flatnonzero(inside & (dx * py == dy * px))[0])
