"""What a training did with each image of its collection, as its classifier's folder keeps it."""

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from finercam_core.parts import NO_FOLD, Part
from finercam_core.parts.content import FileContent
from finercam_core.parts.lists import ListedImage
from finercam_core.train.data import TrainingData


def listed_images(
    specimens: pd.DataFrame, data: TrainingData, folds: npt.NDArray[np.int64] | None = None
) -> Iterator[ListedImage]:
    """Every image of a collection with its part.

    Parameters
    ----------
    specimens : DataFrame
        All rows of the catalog.
    data : TrainingData
    folds : int64 array (N,), optional
        Fold of each image of the data, `NO_FOLD` for images that every head was trained on.
    """
    parts = dict(zip(data.image_ids, data.split.tolist(), strict=True))
    fold_of: Mapping[str, int] = {} if folds is None else dict(zip(data.image_ids, folds.tolist(), strict=True))
    groups = specimens.get("group_id", pd.Series("", specimens.index))
    rows = zip(specimens["image_id"], specimens["scientificName"], groups, specimens["fault"], strict=True)
    for image_id, name, group, fault in rows:
        fold = fold_of.get(image_id, NO_FOLD)
        part = Part.TEST if fold != NO_FOLD else Part(parts.get(image_id, Part.LEFT_OUT))
        content = data.contents.get(image_id, FileContent())
        reason = _reason(image_id, name, fault, data) if part == Part.LEFT_OUT else ""
        yield ListedImage(image_id, name, group, part, fold, content.sha256, content.size, reason)


def _reason(image_id: str, name: str, fault: str, data: TrainingData) -> str:
    """Why an image was left out of the training."""
    known = fault or data.unreadable.get(image_id) or data.excluded.get(image_id)
    if known:
        return known
    return "too few images of its species" if name in data.left_out else "the catalog gives it no split"
