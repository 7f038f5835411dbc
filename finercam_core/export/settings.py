"""What can be chosen about single formats of exported masks."""

from dataclasses import dataclass
from typing import Literal

YAxis = Literal["down", "up"]
Outlines = Literal["polygons", "rle"]
BASE_URL = "http://localhost:8000"


@dataclass(frozen=True)
class FormatSettings:
    """Settings of formats; each concerns those that it names, and leaves the others alone.

    Attributes
    ----------
    raw_text : bool
        Of csv and darwin-core: texts that a spreadsheet would take for formulas stay as they are.
    outlines : {"polygons", "rle"}
        Of coco: whether masks whose every pixel a polygon gives back are polygons, or all are run lengths.
    per_image : bool
        Of geojson: one file for each specimen.
    y_axis : {"down", "up"}
        Of geojson: y counts pixels down from the upper edge, or is their negative, as QGIS places a photograph.
    base_url : str
        Of iiif and web-annotation: where the folder will be served, for photographs without an address of their own.
    """

    raw_text: bool = False
    outlines: Outlines = "polygons"
    per_image: bool = False
    y_axis: YAxis = "down"
    base_url: str = BASE_URL
