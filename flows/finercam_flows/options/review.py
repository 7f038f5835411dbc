"""Options of `review`."""

from typing import Annotated

from pydantic import Field

from finercam_flows.options.fields import AllowPrivateHere, ImagesRoot, StoreLocation
from finercam_flows.signatures.base import POSITIONAL, Options

ReviewerName = Annotated[str, Field(description="Your name in the verdicts; your login name by default.")]


class ReviewOptions(Options):
    """Options of `review`."""

    store: Annotated[StoreLocation, POSITIONAL]
    reviewer: ReviewerName = ""
    images: ImagesRoot = None
    allow_private: AllowPrivateHere = False
