"""napari's File > Save on the regions of a specimen: what `finercam export --format png` writes of it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from finercam_core.export.formats.png import UNNAMED, write_indexed, write_masks
from finercam_core.export.mask_records import MaskRecord


def write_trait_mask(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write a labels layer as an indexed PNG with one value a trait, and a JSON file of the same name beside it.

    Parameters
    ----------
    path : str
        Ends in ``.png``.
    data : integer array (height, width)
        Numbers of regions, 0 outside.
    attributes : dict
        Of the layer. A layer of the review has in its metadata what each region is; the regions of any other layer
        keep their numbers.

    Returns
    -------
    list of str, the two files.
    """
    target, labels = Path(path), np.asarray(data)
    about = attributes.get("metadata", {}).get("finercam")
    if about is None:
        return _write_numbers(target, labels)
    there = [int(number) for number in np.unique(labels) if number]
    masks = [MaskRecord(about["image_id"], about["place"], labels == n, about["regions"][n]) for n in there]
    beside = write_masks(target, about["image_id"], labels.shape, masks, about["values"])
    return [str(target), str(beside)]


def _write_numbers(target: Path, labels: npt.NDArray[np.integer[Any]]) -> list[str]:
    values = np.minimum(labels.reshape(labels.shape[-2:]), UNNAMED).astype(np.uint8)
    write_indexed(target, values)
    beside = target.with_suffix(".json")
    names = {str(value): f"label {value}" if value else "Background" for value in np.unique(values).tolist()}
    beside.write_text(json.dumps({"values": names}, indent=1), encoding="utf-8")
    return [str(target), str(beside)]
