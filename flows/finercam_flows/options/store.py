"""Options of `info` and `repair`."""

from typing import Annotated

from pydantic import Field

from finercam_flows.options.fields import StoreLocation
from finercam_flows.signatures.base import POSITIONAL, CommandLine, Options

Failures = Annotated[bool, Field(description="List every failed specimen and every rejected row.")]
AllSpecies = Annotated[bool, Field(description="List all species, however many there are.")]
VerifyChunks = Annotated[bool, Field(description="Read and check every chunk; exit code 1 if any is damaged.")]
AsJson = Annotated[bool, Field(description="Print everything as JSON, for programs.")]


class InfoOptions(Options):
    """Options of `info`."""

    store: Annotated[StoreLocation, POSITIONAL]
    failures: Failures = False
    species: AllSpecies = False
    verify: VerifyChunks = False
    as_json: Annotated[AsJson, CommandLine("--json")] = False


class RepairOptions(Options):
    """Options of `repair`."""

    store: Annotated[StoreLocation, POSITIONAL]
