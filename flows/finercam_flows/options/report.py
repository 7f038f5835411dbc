"""Options of `report` and `ask`."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from finercam_core.errors import ComparisonError
from finercam_core.strengths import GAMMA
from finercam_flows.options.fields import (
    Above,
    AllowedFactory,
    AllowPrivateHere,
    Device,
    Gamma,
    ImagesRoot,
    JudgedPart,
    OnTraining,
    OutputFolder,
    StoreLocation,
)
from finercam_flows.places import classifiers, inputs, outputs
from finercam_flows.signatures.base import POSITIONAL, Checked, CommandLine, Options

Evaluation = Annotated[
    str | None,
    Field(description="Folder that `evaluate` wrote with a classifier, whose faithfulness is shown as well."),
    Checked(inputs.folder),
]


Checker = Annotated[
    str | None,
    Field(description="The store's classifier, for the causal check; without it nothing is called supported."),
    Checked(classifiers.classifier),
]


Witness = Annotated[
    Sequence[str],
    Field(description="Stores of the same specimens by other classifiers, layers or folds, asked as well."),
    Checked(inputs.store),
]


class ReportOptions(Options):
    """Options of `report`."""

    store: Annotated[StoreLocation, POSITIONAL]
    out: Annotated[OutputFolder, Field(description="Folder for the pages, and for the figures in evaluation/.")]
    gamma: Gamma = GAMMA
    above: Above = "none"
    images: ImagesRoot = None
    evaluation: Evaluation = None
    split: JudgedPart = "auto"
    i_know: OnTraining = False
    allow_private: AllowPrivateHere = False
    classifier: Checker = None
    witness: Witness = ()
    allow_factory: AllowedFactory = ()


OneSpecies = Annotated[str, Field(min_length=1, description="A species of the store, in quotes.")]
OtherSpecies = Annotated[str, Field(min_length=1, description="The species that it is told from, in quotes.")]
AnswerFolder = Annotated[
    str, Field(min_length=1, description="Folder for the picture and the answer as JSON."), Checked(outputs.folder)
]
ShowPicture = Annotated[bool, Field(description="Open the picture.")]
AnswerAsJson = Annotated[bool, Field(description="Print the answer as JSON, for programs.")]
ByCells = Annotated[bool, Field(description="Compare by place in a common frame, even where there are trait masks.")]


class AskOptions(Options):
    """Options of `ask`."""

    store: Annotated[StoreLocation, POSITIONAL]
    a: Annotated[OneSpecies, POSITIONAL]
    b: Annotated[OtherSpecies, POSITIONAL]
    classifier: Checker = None
    out: AnswerFolder = "answers"
    images: ImagesRoot = None
    witness: Witness = ()
    by_cells: ByCells = False
    split: JudgedPart = "auto"
    i_know: OnTraining = False
    show: ShowPicture = True
    as_json: Annotated[AnswerAsJson, CommandLine("--json")] = False
    device: Device = "auto"
    allow_factory: AllowedFactory = ()

    def check_together(self) -> None:
        """Raise `ComparisonError` for a species and itself."""
        if self.a.strip() == self.b.strip():
            raise ComparisonError(f"{self.a!r} is compared with itself", "name two species")
