"""Options of `review` and `review assign`."""

from typing import Annotated, Literal

from pydantic import Field

from finercam_flows.options.fields import AllowPrivateHere, ImagesRoot, StoreLocation
from finercam_flows.signatures.base import POSITIONAL, Options

ReviewerName = Annotated[str, Field(description="Your name in the verdicts; your login name by default.")]
Reviewers = Annotated[str, Field(min_length=1, description="Who reviews: names with commas between.")]
Adjudicators = Annotated[str, Field(description="Who decides where reviewers disagree: names with commas between.")]
Overlap = Annotated[int, Field(ge=1, description="How many reviewers judge each specimen.")]
Drawn = Annotated[int, Field(ge=0, description="How many specimens to draw, from each stratum its share; 0 for all.")]
StratifiedBy = Annotated[
    Literal["pair", "species"],
    Field(description="Deal evenly within each pair of a species and its closest look-alike, or within each species."),
]
DealingSeed = Annotated[int, Field(ge=0, description="Seed of the drawing, the dealing and the order of the queues.")]


class ReviewOptions(Options):
    """Options of `review`."""

    store: Annotated[StoreLocation, POSITIONAL]
    reviewer: ReviewerName = ""
    images: ImagesRoot = None
    allow_private: AllowPrivateHere = False


class AssignOptions(Options):
    """Options of `review assign`."""

    store: Annotated[StoreLocation, POSITIONAL]
    reviewers: Reviewers
    adjudicators: Adjudicators = ""
    overlap: Overlap = 2
    specimens: Drawn = 0
    by: StratifiedBy = "pair"
    seed: DealingSeed = 0
