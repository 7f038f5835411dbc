"""Names, colours and metadata of the layers, in the reader and the writer as in the review."""

from typing import Any, TypedDict

import numpy as np
from napari.utils.colormaps import Colormap, DirectLabelColormap

from finercam_core.export.mask_records import MaskDescription
from finercam_core.images import palette
from napari_finercam.session.regions import MAX_NUMBER

SPECIMEN, HEAT, TRAITS, REGION = "specimen", "Finer-CAM", "trait mask", "region"
STORE_KEY = "finercam_store"
"""Key of a store's location in the metadata of the reader's layers."""
REGIONS_KEY = "finercam"
"""Key of `RegionsMetadata` in the metadata of the layer of regions."""


class RegionsMetadata(TypedDict):
    """What the writer needs to know of a layer of regions; napari copies it with the layer, so all of it can be copied.

    Attributes
    ----------
    image_id : str
    place : str
        The specimen's photograph, relative to the collection.
    values : dict of str to int
        Value of each trait in masks.
    regions : dict of int to MaskDescription
        What an export says of each region (`MaskRecord.about`), by its number in the layer.
    shape : (int, int)
        Height and width of the photograph, of which the layer may be a smaller copy.
    """

    image_id: str
    place: str
    values: dict[str, int]
    regions: dict[int, MaskDescription]
    shape: tuple[int, int]


def _colormap(ramp: palette.Ramp, name: str) -> Colormap:
    return Colormap([colour for _, colour in ramp], name=name, controls=[position for position, _ in ramp])


HEAT_COLORMAP = _colormap(palette.HEAT, "finercam-heat")
DIFFERENCE_COLORMAP = _colormap(palette.DIFFERENCE, "finercam-difference")


def label_colormap(colours: tuple[str, ...]) -> DirectLabelColormap:
    """Colours of numbered regions, repeated as needed; 0 and unknown numbers are transparent."""
    clear = np.zeros(4)
    numbered: dict[int | None, Any] = {
        number: colours[(number - 1) % len(colours)] for number in range(1, MAX_NUMBER + 1)
    }
    return DirectLabelColormap(color_dict={**numbered, 0: clear, None: clear})
