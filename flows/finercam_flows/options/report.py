"""Options of `report`."""

from typing import Annotated

from pydantic import Field

from finercam_core.finer import GAMMA
from finercam_flows.options.fields import (
    AllowPrivateHere,
    Gamma,
    ImagesRoot,
    JudgedPart,
    OnTraining,
    OutputFolder,
    StoreLocation,
)
from finercam_flows.places import inputs
from finercam_flows.signatures.base import POSITIONAL, Checked, Options

Evaluation = Annotated[
    str | None,
    Field(description="Folder that `evaluate` wrote with a classifier, whose faithfulness is shown as well."),
    Checked(inputs.folder),
]


class ReportOptions(Options):
    """Options of `report`."""

    store: Annotated[StoreLocation, POSITIONAL]
    out: Annotated[OutputFolder, Field(description="Folder for the pages, and for the figures in evaluation/.")]
    gamma: Gamma = GAMMA
    images: ImagesRoot = None
    evaluation: Evaluation = None
    split: JudgedPart = "auto"
    i_know: OnTraining = False
    allow_private: AllowPrivateHere = False
