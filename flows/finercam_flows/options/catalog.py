"""Options of `catalog check`, `catalog split` and `catalog fetch`."""

from typing import Annotated

from pydantic import Field

from finercam_flows.options.fields import AllowPrivate, CatalogRoot, CatalogSource, OutputFolder
from finercam_flows.places import inputs, outputs
from finercam_flows.signatures.base import POSITIONAL, Checked, CommandLine, Options

JsonFile = Annotated[str | None, Field(description="File for the whole result as JSON."), Checked(outputs.file)]
NearIdentical = Annotated[bool, Field(description="Also find images that look the same though their files differ.")]
OpenImages = Annotated[bool, Field(description="Open every local image, or only list their folders.")]
Details = Annotated[bool, Field(description="Show every case, not only the first ones.")]
FixPaths = Annotated[
    bool, Field(description="Write files that were found under another name into the manifest, or a new one beside.")
]
Synonyms = Annotated[
    str | None, Field(description="Table of accepted names, if the one in the catalog is wrong."), Checked(inputs.file)
]
SplitFile = Annotated[
    str,
    Field(min_length=1, description="CSV file for the splits; images that are already in it keep theirs."),
    Checked(outputs.file),
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
    fix_paths: FixPaths = False
    root: CatalogRoot = None
    synonyms: Synonyms = None


class SplitOptions(Options):
    """Options of `catalog split`."""

    catalog: Annotated[CatalogSource, POSITIONAL]
    out: SplitFile
    val: Annotated[SplitShare, Field(description="Share for validation.")] = 0.1
    test: Annotated[SplitShare, Field(description="Share for testing.")] = 0.2
    anew: Anew = False

    def check_together(self) -> None:
        """Raise `CatalogError` if the shares leave nothing to train on."""
        from finercam_core.catalog.splits import check_shares

        check_shares(self.val, self.test)


PerHost = Annotated[int, Field(ge=1, description="Simultaneous requests to one server.")]
Attempts = Annotated[int, Field(ge=1, description="Attempts per image where the cause of a failure may pass.")]
Contact = Annotated[
    str, Field(description="Your mail or web address, sent to the servers so that their owners can write to you.")
]
AskAgain = Annotated[
    bool,
    Field(description="Ask again for images that failed for good, such as missing ones or files without an image."),
]
Timeout = Annotated[float, Field(ge=0.1, description="Seconds without a byte after which a request is given up.")]
ImageTimeout = Annotated[float, Field(ge=0.1, description="Seconds for one image, all attempts together.")]
MaxMegabytes = Annotated[float, Field(ge=0.001, description="Largest file, in MB.")]
MaxMegapixels = Annotated[float, Field(ge=0.001, description="Largest picture, in megapixels.")]
MinFree = Annotated[float, Field(ge=0, description="Space that stays free on the disk, in GB.")]
VerifyFiles = Annotated[bool, Field(description="Read every file that is there, and fetch damaged ones again.")]
KeepBad = Annotated[bool, Field(description="Keep refused files in the folder quarantine of the target.")]


class FetchOptions(Options):
    """Options of `catalog fetch`, the flow `fetch`."""

    catalog: Annotated[CatalogSource, POSITIONAL]
    to: Annotated[OutputFolder, Field(description="Folder for the images, their catalog and the logs; it may exist.")]
    per_host: PerHost = 8
    attempts: Attempts = 5
    contact: Contact = ""
    allow_private: AllowPrivate = False
    retry_failed: AskAgain = False
    root: CatalogRoot = None
    timeout: Timeout = 30.0
    image_timeout: ImageTimeout = 600.0
    max_mb: MaxMegabytes = 512.0
    max_megapixels: MaxMegapixels = 100.0
    min_free_gb: MinFree = 1.0
    verify: VerifyFiles = False
    keep_bad: KeepBad = False
