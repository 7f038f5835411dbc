"""Masks as COCO run-length encodings, by pycocotools; plain text that JSON holds."""

from typing import TypedDict

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco


class RLE(TypedDict):
    """A mask as COCO writes it: `size` is [height, width], `counts` the compressed run lengths."""

    size: list[int]
    counts: str


def encode(mask: npt.NDArray[np.bool_]) -> RLE:
    """Encode a bool mask (height, width)."""
    encoded = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": [int(side) for side in encoded["size"]], "counts": encoded["counts"].decode("ascii")}


def decode(rle: RLE) -> npt.NDArray[np.bool_]:
    """Inverse of `encode`."""
    return np.asarray(coco.decode(rle), bool)
