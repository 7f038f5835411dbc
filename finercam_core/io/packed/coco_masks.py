"""Segmentations in COCO's JSON as if they were mask files: drawn from polygons or run lengths when they are read."""

import io
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from finercam_core.io.faults import first_line
from finercam_core.io.packed.pack import Pack

_INSIDE = 255


class CocoMasks(Pack):
    """The masks of a file of annotations: `7.png` is that of the image with the id 7, 255 within the specimen.

    Parameters
    ----------
    path : str

    Raises
    ------
    OSError
        It is missing or not such a file.
    """

    def __init__(self, path: str) -> None:
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8-sig"))
            sizes = {row["id"]: (int(row["height"]), int(row["width"])) for row in content["images"] if "height" in row}
            rows = [row for row in content["annotations"] if row.get("segmentation") and row["image_id"] in sizes]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise OSError(f"{path} holds no segmentations: {first_line(error)}") from error
        self._sizes = {f"{key}.png": size for key, size in sizes.items()}
        self._drawn: dict[str, list[Any]] = defaultdict(list)
        for row in rows:
            self._drawn[f"{row['image_id']}.png"].append(row["segmentation"])
        super().__init__(path, self._drawn)

    def read(self, name: str) -> bytes:
        """The mask of an image as a PNG: the union of its segmentations."""
        if name not in self._drawn:
            raise self._missing(name)
        height, width = self._sizes[name]
        try:
            inside = np.zeros((height, width), bool)
            for segmentation in self._drawn[name]:
                inside |= decoded(segmentation, height, width)
        except (ValueError, TypeError, KeyError, IndexError) as error:
            raise OSError(f"the mask {name} in {self.path} cannot be drawn: {first_line(error)}") from error
        file = io.BytesIO()
        Image.fromarray(np.where(inside, _INSIDE, 0).astype(np.uint8)).save(file, "PNG")
        return file.getvalue()


def decoded(segmentation: Any, height: int, width: int) -> npt.NDArray[np.bool_]:
    """A segmentation as a mask: a list of polygons, or run lengths, compressed or not.

    Parameters
    ----------
    segmentation : list of list of float, or dict with counts and size
        As in https://cocodataset.org/#format-data.
    height, width : int
        Of the image, in pixels.

    Returns
    -------
    bool array (height, width)
    """
    from pycocotools import mask as coco

    if isinstance(segmentation, list):
        codes = coco.frPyObjects([polygon for polygon in segmentation if len(polygon) >= 6], height, width)
        code = coco.merge(codes)
    elif isinstance(segmentation["counts"], list):
        code = coco.frPyObjects(segmentation, height, width)
    else:
        counts = segmentation["counts"]
        code = {"size": segmentation["size"], "counts": counts.encode() if isinstance(counts, str) else counts}
    inside: npt.NDArray[np.bool_] = coco.decode(code).astype(bool)
    if inside.shape != (height, width):
        raise ValueError(f"its size is {inside.shape}, and that of the image {(height, width)}")
    return inside
