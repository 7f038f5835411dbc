"""Options of `start`, `demo` and `doctor`: the first things to type."""

from typing import Annotated

from pydantic import Field

from finercam_flows.options.fields import CatalogSource, Device
from finercam_flows.places import classifiers, outputs
from finercam_flows.signatures.base import POSITIONAL, Checked, CommandLine, Options

MADE = "finercam-start"
Model = Annotated[
    str,
    Field(description="timm name or file.py:function; chosen for this machine where it is left out."),
    Checked(classifiers.model),
]
InputSize = Annotated[int, Field(ge=0, description="Side of the model's input in pixels; 0: chosen for this machine.")]
Compared = Annotated[int, Field(ge=0, le=64, description="Look-alike species that each is compared with; 0: chosen.")]
Folds = Annotated[
    int,
    Field(
        ge=0,
        le=20,
        description="Parts of the photographs that are each judged by a head without them; 0: a third is held out.",
    ),
]
Checks = Annotated[bool, Field(description="Also measure whether the model uses what the maps show; takes longer.")]
Browser = Annotated[bool, Field(description="Open the atlas in the browser at the end.")]


class StartOptions(Options):
    """Options of `start`."""

    collection: Annotated[CatalogSource, POSITIONAL]
    out: Annotated[
        str,
        Field(description=f"Folder for everything that is made, by default {MADE}, never among the photographs."),
        Checked(outputs.folder),
    ] = ""
    model: Model = ""
    size: InputSize = 0
    references: Compared = 0
    folds: Folds = 5
    checks: Annotated[Checks, CommandLine("--checks/--no-checks")] = False
    browser: Browser = True
    device: Device = "auto"

    @property
    def folder(self) -> str:
        """Where everything goes that is made."""
        return self.out or outputs.beside(MADE, self.collection)

    def check_together(self) -> None:
        """Raise `RunError` if the results would lie among the photographs, or cannot be written."""
        outputs.outside(self.folder, self.collection)
        outputs.folder(self.folder)


DemoFolder = Annotated[
    str, Field(min_length=1, description="Folder for everything that the demo makes."), Checked(outputs.folder)
]
AsJson = Annotated[bool, Field(description="Print everything as JSON, for programs and bug reports.")]


class DemoOptions(Options):
    """Options of `demo`."""

    out: DemoFolder = "demo"
    browser: Browser = True


class DoctorOptions(Options):
    """Options of `doctor`."""

    as_json: Annotated[AsJson, CommandLine("--json")] = False
