"""napari's File > Save on the regions of a specimen: a trait mask as PNG, with a JSON file that says what is in it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageColor

from napari_finercam._colours import TRAIT_COLOURS

UNNAMED = 255


def write_trait_mask(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write a labels layer as an indexed PNG with one value a trait, and a JSON file of the same name beside it.

    Parameters
    ----------
    path : str
        Ends in ``.png``.
    data : integer array (height, width)
        Numbers of regions, 0 outside.
    attributes : dict
        Of the layer. A layer of the review has in its metadata which trait each region belongs to; the regions of
        any other layer keep their numbers.

    Returns
    -------
    list of str, the two files.
    """
    about = attributes.get("metadata", {}).get("finercam", {})
    regions = {int(number): part for number, part in about.get("regions", {}).items()}
    labels = np.asarray(data)
    values = np.zeros(labels.shape[-2:], np.uint8)
    names = {0: "Background"}
    for number in (int(n) for n in np.unique(labels) if n):
        part = regions.get(number, {})
        value = int(part.get("value", 0)) or (UNNAMED if part else min(number, UNNAMED))
        values[labels == number] = value
        names[value] = str(part.get("trait", "")) or ("discriminative region" if part else f"label {number}")
    picture = Image.fromarray(values, mode="P")
    picture.putpalette(_palette())
    target = Path(path)
    picture.save(target, "PNG", optimize=True)
    described = {key: value for key, value in about.items() if key != "regions"}
    described |= {
        "values": {str(value): name for value, name in sorted(names.items())},
        "regions": list(regions.values()),
    }
    beside = target.with_suffix(".json")
    beside.write_text(json.dumps(described, indent=1, ensure_ascii=False), encoding="utf-8")
    return [str(target), str(beside)]


def _palette() -> list[int]:
    """Black for the background, then the trait colours over and over; white for a region without a trait."""
    colours = [ImageColor.getrgb(TRAIT_COLOURS[(value - 1) % len(TRAIT_COLOURS)])[:3] for value in range(1, UNNAMED)]
    return [channel for colour in [(0, 0, 0), *colours, (255, 255, 255)] for channel in colour]
