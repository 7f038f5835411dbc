"""Options of `review`."""

from typing import Annotated

from pydantic import Field

from finercam_flows.options.base import POSITIONAL, Options
from finercam_flows.options.fields import ImagesRoot, StoreLocation

ReviewerName = Annotated[str, Field(description="Your name in the verdicts; your login name by default.")]


class ReviewOptions(Options):
    """Options of `review`."""

    store: Annotated[StoreLocation, POSITIONAL]
    reviewer: ReviewerName = ""
    images: ImagesRoot = None
