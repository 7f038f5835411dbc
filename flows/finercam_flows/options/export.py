"""Options of `export`."""

from typing import Annotated, Literal

from pydantic import Field

from finercam_core.export.settings import BASE_URL, Outlines, YAxis
from finercam_core.strengths import GAMMA
from finercam_flows.options.fields import Above, AllowPrivateHere, ImagesRoot, OutputFolder, StoreLocation, TopShare
from finercam_flows.signatures.base import POSITIONAL, Options

MaskFormat = Annotated[
    Literal[
        "coco",
        "png",
        "ome-zarr",
        "geojson",
        "csv",
        "yolo",
        "label-studio",
        "cvat",
        "web-annotation",
        "iiif",
        "darwin-core",
    ],
    Field(description="File format of the masks."),
]
Which = Annotated[
    Literal["accepted", "automatic"],
    Field(description="accepted: masks accepted in review; automatic: unreviewed thresholds of every map."),
]
Reviewer = Annotated[
    str | None, Field(description="Of accepted masks: those of this reviewer alone; by default those of all reviewers.")
]
AutomaticGamma = Annotated[
    float | None,
    Field(ge=0, description=f"Of automatic masks: strength γ of the comparison, the usual {GAMMA} by default."),
]
Writers = Annotated[
    int | None,
    Field(ge=1, description="Processes that write png and ome-zarr; by default one per processor, at most 4."),
]

RawText = Annotated[
    bool,
    Field(
        description="Of csv and darwin-core: leave texts that begin like formulas as they are, for programs; otherwise "
        "an apostrophe keeps spreadsheets from computing them."
    ),
]

CocoOutlines = Annotated[
    Outlines,
    Field(
        description="Of coco: polygons where they give every pixel back, else run lengths; or run lengths for all, "
        "for programs that round the corners of polygons."
    ),
]
PerImage = Annotated[bool, Field(description="Of geojson: one file for each specimen, as QuPath opens them.")]
PixelAxis = Annotated[
    YAxis,
    Field(description="Of geojson: y counts pixels down from the upper edge (QuPath), or is their negative (QGIS)."),
]
BaseUrl = Annotated[
    str,
    Field(
        pattern=r"^https?://[^\s]+$",
        description="Of iiif and web-annotation: where the folder will be served, for photographs on this machine.",
    ),
]


class ExportOptions(Options):
    """Options of `export`."""

    store: Annotated[StoreLocation, POSITIONAL]
    to: Annotated[OutputFolder, Field(description="Folder for the masks; it may exist.")]
    format: MaskFormat = "coco"
    which: Which = "accepted"
    gamma: AutomaticGamma = None
    top: Annotated[TopShare, Field(description="Of automatic masks: share of the pixels in a mask.")] = 0.05
    above: Above = "none"
    reviewer: Reviewer = None
    workers: Writers = None
    images: ImagesRoot = None
    raw_text: RawText = False
    outlines: CocoOutlines = "polygons"
    per_image: PerImage = False
    y_axis: PixelAxis = "down"
    base_url: BaseUrl = BASE_URL
    allow_private: AllowPrivateHere = False
