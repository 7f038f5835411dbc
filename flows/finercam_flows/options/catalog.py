"""Options of `catalog check` and `catalog split`."""

from typing import Annotated

from pydantic import Field

from finercam_flows.options.base import POSITIONAL, CommandLine, Options
from finercam_flows.options.fields import CatalogRoot, CatalogSource

JsonFile = Annotated[str | None, Field(description="File for the whole result as JSON.")]
NearIdentical = Annotated[bool, Field(description="Also find images that look the same though their files differ.")]
OpenImages = Annotated[bool, Field(description="Open every local image, or only list their folders.")]
Details = Annotated[bool, Field(description="Show every case, not only the first ones.")]
Synonyms = Annotated[str | None, Field(description="Table of accepted names, if the one in the catalog is wrong.")]
SplitFile = Annotated[
    str, Field(min_length=1, description="CSV file for the splits; images that are already in it keep theirs.")
]
SplitShare = Annotated[float, Field(ge=0, le=1)]
Anew = Annotated[bool, Field(description="Ignore the splits that the catalog itself has.")]


class CheckOptions(Options):
    """Options of `catalog check`."""

    catalog: Annotated[CatalogSource, POSITIONAL]
    json_file: Annotated[JsonFile, CommandLine("--json", "FILE")] = None
    near_identical: NearIdentical = False
    images: OpenImages = True
    details: Details = False
    root: CatalogRoot = None
    synonyms: Synonyms = None


class SplitOptions(Options):
    """Options of `catalog split`."""

    catalog: Annotated[CatalogSource, POSITIONAL]
    out: SplitFile
    val: Annotated[SplitShare, Field(description="Share for validation.")] = 0.1
    test: Annotated[SplitShare, Field(description="Share for testing.")] = 0.2
    anew: Anew = False
