"""napari's File > Save on the regions of a specimen: the same files as of `finercam export --format png`."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from finercam_core.export.formats.png import UNNAMED, write_indexed, write_masks
from finercam_core.export.mask_records import MaskRecord
from finercam_core.regions.rle import nearest
from napari_finercam.formats.layer_style import REGIONS_KEY, RegionsMetadata


def write_trait_mask(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write a labels layer as an indexed PNG with one value per trait, and a JSON file of the same name beside it.

    Parameters
    ----------
    path : str
        Ends in ``.png``.
    data : integer array (height, width)
        Numbers of regions, 0 outside.
    attributes : dict
        Of the layer. A layer of the review has `RegionsMetadata` in its metadata; the regions of any other layer keep
        their numbers.

    Returns
    -------
    list of str
        The two files.
    """
    target, labels = Path(path), np.asarray(data)
    metadata: RegionsMetadata | None = attributes.get("metadata", {}).get(REGIONS_KEY)
    if metadata is None:
        return _write_numbers(target, labels)
    labels = nearest(labels, metadata["shape"])
    image_id, place, about = metadata["image_id"], metadata["place"], metadata["regions"]
    numbers = [int(number) for number in np.unique(labels) if number]
    masks = [MaskRecord(image_id, place, labels == number, about[number]) for number in numbers]
    description = write_masks(target, image_id, labels.shape, masks, metadata["values"])
    return [str(target), str(description)]


def _write_numbers(target: Path, labels: npt.NDArray[np.integer[Any]]) -> list[str]:
    values = np.minimum(labels.reshape(labels.shape[-2:]), UNNAMED).astype(np.uint8)
    write_indexed(target, values)
    description = target.with_suffix(".json")
    names = {str(value): f"label {value}" if value else "Background" for value in np.unique(values).tolist()}
    description.write_text(json.dumps({"values": names}, indent=1), encoding="utf-8")
    return [str(target), str(description)]
