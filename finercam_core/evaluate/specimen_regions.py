"""Where each specimen lies: by a box from a table, by its mask, or by the box in its catalog."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from finercam_core.evaluate.kept_tables import short_hash
from finercam_core.evaluate.protocol import EvaluationError
from finercam_core.images.decoder import image_size
from finercam_core.regions.masks import TraitMask, specimen_of
from finercam_core.store import Store

COLUMNS = ("image_id", "x", "y", "width", "height")


@dataclass(frozen=True, eq=False)
class SpecimenLocator:
    """Where the specimens of a collection lie in their photographs.

    Attributes
    ----------
    boxes : DataFrame, optional
        image_id, x, y, width, height in pixels of the upright image, x and y of the upper left corner; several boxes of
        an image count together. An image without a box has the region of its mask, or without a mask the catalog's
        box.
    """

    boxes: pd.DataFrame | None = None

    @cached_property
    def _by_image(self) -> dict[str, npt.NDArray[np.float64]]:
        if self.boxes is None:
            return {}
        groups = self.boxes.groupby("image_id")[list(COLUMNS[1:])]
        return {str(name): part.to_numpy(np.float64) for name, part in groups}

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the boxes; "" without any."""
        if self.boxes is None:
            return ""
        return short_hash(self.boxes[list(COLUMNS)].to_csv(index=False).encode())

    def of(self, store: Store, image_id: str, mask: TraitMask | None) -> npt.NDArray[np.bool_] | None:
        """Where a specimen lies, bool (height, width); None if it is not known.

        Raises
        ------
        EvaluationError
            If its box lies outside the image.
        ImageError
            If it has a box and no readable image.
        """
        boxes = self._by_image.get(image_id)
        if boxes is None and mask is not None and (region := specimen_of(store, mask)) is not None:
            return region
        if boxes is None:
            boxes = _catalog_box(str(store.row(image_id).get("boundingBox", "")))
        if boxes is None:
            return None
        width, height = (
            (mask.shape[1], mask.shape[0])
            if mask is not None
            else image_size(store.place(image_id), root=store.images_root)
        )
        return box_region(boxes, (width, height), image_id)


def _catalog_box(text: str) -> npt.NDArray[np.float64] | None:
    """A catalog's ``x,y,width,height`` as float64 (1, 4); None for ""."""
    return np.array([[float(number) for number in text.split(",")]]) if text else None


def box_region(boxes: npt.ArrayLike, size: tuple[int, int], name: str = "") -> npt.NDArray[np.bool_]:
    """Pixels whose centres lie in any of the boxes.

    Parameters
    ----------
    boxes : array (n, 4) or (4,)
        x, y, width, height in pixels.
    size : (int, int)
        Width and height of the image.
    name : str
        Of the specimen, for the error.

    Returns
    -------
    bool array (height, width)

    Raises
    ------
    EvaluationError
        If no pixel's centre does.
    """
    columns, rows = np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5
    region = np.zeros((size[1], size[0]), bool)
    for x, y, width, height in np.atleast_2d(np.asarray(boxes, np.float64)):
        region |= ((rows > y) & (rows < y + height))[:, None] & ((columns > x) & (columns < x + width))[None]
    if not region.any():
        raise EvaluationError(f"the box of {name} covers no pixel of its image", "give x, y, width, height in pixels")
    return region


def read_boxes(path: str | Path) -> SpecimenLocator:
    """Boxes from a CSV or Parquet table with the columns image_id, x, y, width, height (others are ignored).

    Raises
    ------
    EvaluationError
        If it cannot be read, or lacks a column.
    """
    file = Path(path)
    try:
        table = pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file, dtype={"image_id": str})
    except (OSError, ValueError) as error:
        raise EvaluationError(f"the boxes {path} cannot be read: {error}", "give a CSV or Parquet table") from error
    if missing := [name for name in COLUMNS if name not in table.columns]:
        raise EvaluationError(f"{path} has no column {', '.join(missing)}", f"give {', '.join(COLUMNS)}")
    return SpecimenLocator(table[list(COLUMNS)])
