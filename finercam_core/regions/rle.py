"""Masks as COCO run-length encodings, by pycocotools; plain text that JSON holds."""

from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco

RLE = dict[str, Any]


def encode(mask: npt.NDArray[np.bool_]) -> RLE:
    """Encode a bool mask (height, width) as ``{"size": [height, width], "counts": text}``."""
    found = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": [int(side) for side in found["size"]], "counts": found["counts"].decode("ascii")}


def decode(rle: RLE) -> npt.NDArray[np.bool_]:
    """Inverse of `encode`."""
    return np.asarray(coco.decode(rle), bool)
