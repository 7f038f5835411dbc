"""Options of `demo`."""

from typing import Annotated

from pydantic import Field

from finercam_flows.signatures.base import Options

DemoFolder = Annotated[str, Field(min_length=1, description="Folder for everything that the demo makes.")]


class DemoOptions(Options):
    """Options of `demo`."""

    out: DemoFolder = "demo"
