"""Masks as COCO run-length encodings, by pycocotools; plain text that JSON holds."""

from typing import TypedDict, TypeVar

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco

Value = TypeVar("Value", bound=np.generic)


class RLE(TypedDict):
    """A mask as COCO writes it: `size` is [height, width], `counts` the compressed run lengths."""

    size: list[int]
    counts: str


def encode(mask: npt.NDArray[np.bool_]) -> RLE:
    """Encode a bool mask (height, width)."""
    encoded = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": [int(side) for side in encoded["size"]], "counts": encoded["counts"].decode("ascii")}


def encode_enlarged(mask: npt.NDArray[np.bool_], shape: tuple[int, ...]) -> RLE:
    """Encode a mask as it lies on a larger copy of its picture, which is never made.

    Equal to `encode` of the mask brought to that size by its nearest pixels, as `placed` does.

    Parameters
    ----------
    mask : bool array (h, w)
    shape : (int, int)
        Height and width of the larger copy.
    """
    (h, w), (height, width) = mask.shape, shape[:2]
    if (h, w) == (height, width):
        return encode(mask)
    down, across = ((np.arange(n) * 2 + 1) * small // (2 * n) for n, small in ((height, h), (width, w)))
    starts = np.searchsorted(down, np.arange(h + 1))  # first row of the copy that shows each row of the mask
    edges = np.diff(np.pad(mask.T.view(np.int8), ((0, 0), (1, 1))), axis=1)
    of_column, at_row = np.nonzero(edges)
    count = np.bincount(of_column, minlength=w)
    first = np.cumsum(count) - count
    lengths = count[across]
    turns = np.repeat(first[across] - (np.cumsum(lengths) - lengths), lengths) + np.arange(lengths.sum())
    places = starts[at_row[turns]] + np.repeat(np.arange(width) * height, lengths)
    # A run that ends where the next begins is one run.
    places, times = np.unique(places, return_counts=True)
    places = places[times % 2 == 1]
    runs = np.diff(np.concatenate([[0], places, [height * width]])).tolist()
    if len(runs) > 1 and runs[-1] == 0:
        runs.pop()
    encoded = coco.frPyObjects({"size": [height, width], "counts": runs}, height, width)
    return {"size": [height, width], "counts": encoded["counts"].decode("ascii")}


def placed(rle: RLE, shape: tuple[int, ...]) -> npt.NDArray[np.bool_] | None:
    """A mask on a picture of another size, by fractions of the picture; None if its proportions are others.

    Parameters
    ----------
    rle : RLE
    shape : (int, int)
        Height and width of the picture, also with a third axis.

    Returns
    -------
    bool array (height, width), or None
    """
    (height, width), (rows, columns) = rle["size"], shape[:2]
    if (height, width) == (rows, columns):
        return decode(rle)
    return nearest(decode(rle), (rows, columns)) if same_proportions((height, width), (rows, columns)) else None


def same_proportions(first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Whether two pictures, by height and width, may be one picture at two sizes."""
    (height, width), (rows, columns) = first, second
    if min(height, width, rows, columns) == 0:
        return False
    # Sides of a resized picture are whole pixels, so that its proportions are off by up to a pixel in each picture.
    tolerance = 1 / min(height, width) + 1 / min(rows, columns)
    return abs(height * columns / (width * rows) - 1) <= tolerance


def nearest(values: npt.NDArray[Value], shape: tuple[int, ...]) -> npt.NDArray[Value]:
    """An array (h, w) brought to another height and width by its nearest pixels."""
    (height, width), (rows, columns) = values.shape, shape[:2]
    down, across = (np.arange(n) * 2 + 1 for n in (rows, columns))
    return values[np.ix_(down * height // (2 * rows), across * width // (2 * columns))]


def decode(rle: RLE) -> npt.NDArray[np.bool_]:
    """Inverse of `encode`."""
    return np.asarray(coco.decode(rle), bool)
