"""Options of `catalog fetch`, the flow `fetch`."""

from typing import Annotated

from pydantic import Field

from finercam_flows.options.base import POSITIONAL, Options
from finercam_flows.options.fields import CatalogRoot, CatalogSource, OutputFolder

PerHost = Annotated[int, Field(ge=1, description="Simultaneous requests to one server.")]
Attempts = Annotated[int, Field(ge=1, description="Attempts per image where the cause of a failure may pass.")]
Contact = Annotated[
    str, Field(description="Your mail or web address, sent to the servers so that their owners can write to you.")
]
AllowPrivate = Annotated[bool, Field(description="Also ask servers on this machine and in private networks.")]
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
