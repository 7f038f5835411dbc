"""Options of `review`, `review assign`, `review import` and `review table`."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from finercam_flows.options.export import RawText
from finercam_flows.options.fields import AllowPrivateHere, ImagesRoot, OutputFolder, StoreLocation
from finercam_flows.places import inputs
from finercam_flows.signatures.base import POSITIONAL, Checked, CommandLine, Options

ReviewerNames = Annotated[
    Sequence[str],
    Field(description="Your name in the verdicts; your login name by default. With --web: who gets a link."),
]
InBrowser = Annotated[
    bool, Field(description="Serve the review to browsers, and print a link for each reviewer."), CommandLine("--web")
]
Host = Annotated[str, Field(min_length=1, description="With --web: where it listens; by default this machine alone.")]
Port = Annotated[int, Field(ge=0, le=65535, description="With --web: port it listens at; 0: any free one.")]
Address = Annotated[
    str,
    Field(description="With --web: under which reviewers reach it, such as https://review.example.org of a proxy."),
]
AtlasFolder = Annotated[
    str | None,
    Field(description="With --web: folder that `finercam report` wrote; its pages lead to the review."),
    Checked(inputs.folder),
]
SavedVerdicts = Annotated[
    str,
    Field(min_length=1, description="File that a page of the atlas saved: verdicts.jsonl."),
    Checked(inputs.file),
]
Reviewers = Annotated[str, Field(min_length=1, description="Who reviews: names with commas between.")]
Adjudicators = Annotated[str, Field(description="Who decides where reviewers disagree: names with commas between.")]
Overlap = Annotated[int, Field(ge=1, description="How many reviewers judge each specimen.")]
Drawn = Annotated[int, Field(ge=0, description="How many specimens to draw, from each stratum its share; 0 for all.")]
StratifiedBy = Annotated[
    Literal["pair", "species"],
    Field(description="Deal evenly within each pair of a species and its closest look-alike, or within each species."),
]
DealingSeed = Annotated[int, Field(ge=0, description="Seed of the drawing, the dealing and the order of the queues.")]
AskingReviewer = Annotated[
    str,
    Field(
        description="A reviewer's name: only specimens that they have judged; by default all, for nobody who reviews."
    ),
]
MovedCatalog = Annotated[
    str,
    Field(description="The collection's catalog, if it has moved; scale and some fields are read from it."),
    Checked(inputs.catalog),
]


class ReviewOptions(Options):
    """Options of `review`."""

    store: Annotated[StoreLocation, POSITIONAL]
    reviewer: ReviewerNames = ()
    images: ImagesRoot = None
    web: InBrowser = False
    host: Host = "127.0.0.1"
    port: Port = 8770
    address: Address = ""
    atlas: AtlasFolder = None
    allow_private: AllowPrivateHere = False


class ImportOptions(Options):
    """Options of `review import`."""

    file: Annotated[SavedVerdicts, POSITIONAL]
    store: Annotated[StoreLocation, POSITIONAL]
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


class TableOptions(Options):
    """Options of `review table`."""

    store: Annotated[StoreLocation, POSITIONAL]
    to: Annotated[OutputFolder, Field(description="Folder for the table; it may exist.")]
    reviewer: AskingReviewer = ""
    catalog: MovedCatalog = ""
    images: ImagesRoot = None
    raw_text: RawText = False
    allow_private: AllowPrivateHere = False
