"""Options of `info`, `repair` and `compare`."""

from typing import Annotated

from pydantic import Field

from finercam_core.errors import ReviewError
from finercam_core.strengths import GAMMA
from finercam_flows.options.fields import Gamma, StoreLocation
from finercam_flows.places import outputs
from finercam_flows.signatures.base import POSITIONAL, Checked, CommandLine, Options

Failures = Annotated[bool, Field(description="List every failed specimen and every rejected row.")]
AllSpecies = Annotated[bool, Field(description="List all species, however many there are.")]
VerifyChunks = Annotated[bool, Field(description="Read and check every chunk; exit code 1 if any is damaged.")]
Reviews = Annotated[
    bool, Field(description="Show the review instead: who judged what, agreement with intervals, time per specimen.")
]
AskedBy = Annotated[
    str,
    Field(description="With --reviews: a reviewer's name; only specimens that they have judged are counted."),
]
AsJson = Annotated[bool, Field(description="Print everything as JSON, for programs.")]


class InfoOptions(Options):
    """Options of `info`."""

    store: Annotated[StoreLocation, POSITIONAL]
    failures: Failures = False
    species: AllSpecies = False
    verify: VerifyChunks = False
    reviews: Reviews = False
    reviewer: AskedBy = ""
    as_json: Annotated[AsJson, CommandLine("--json")] = False

    def check_together(self) -> None:
        """A reviewer asks for reviews."""
        if self.reviewer and not self.reviews:
            raise ReviewError(f"--reviewer {self.reviewer} says who asks for reviews", "add --reviews")


class RepairOptions(Options):
    """Options of `repair`."""

    store: Annotated[StoreLocation, POSITIONAL]


OtherStore = Annotated[StoreLocation, Field(description="The other run: a store of the same collection.")]
ComparedPairs = Annotated[int, Field(ge=0, description="Pairs of species whose findings are compared, at most.")]
ComparisonFolder = Annotated[
    str | None,
    Field(description="Folder for maps.csv and findings.csv; without it they are only printed."),
    Checked(outputs.folder),
]


class CompareOptions(Options):
    """Options of `compare`."""

    a: Annotated[StoreLocation, POSITIONAL]
    b: Annotated[OtherStore, POSITIONAL]
    gamma: Gamma = GAMMA
    pairs: ComparedPairs = 20
    out: ComparisonFolder = None
