"""Options of `annotate`."""

from typing import Annotated, Literal

from pydantic import Field

from finercam_core.base_methods import DEFAULT_METHOD
from finercam_core.errors import RunError
from finercam_core.references import REFERENCES
from finercam_flows.options.fields import (
    AllowedFactory,
    AllowPrivateHere,
    AnyDevice,
    AutomaticBatchSize,
    CatalogSource,
    ClassifierSpec,
    Method,
    NewStore,
)
from finercam_flows.places import devices, inputs
from finercam_flows.signatures.base import POSITIONAL, Checked, Options

References = Annotated[int, Field(ge=0, le=64, description="Look-alike species that each species is compared with.")]
ReferencesBy = Annotated[
    str,
    Field(
        description="How references are chosen: tier (closest relatives), cosine, logits (by image), confusions, "
        "a tree (.nwk, .nex), or a table species,reference."
    ),
    Checked(inputs.choice_of_references),
]
FixedGamma = Annotated[
    float | None,
    Field(
        ge=0,
        description="Strength γ of the comparison, fixed for methods that are not linear in the scores; the others "
        "take any γ later.",
    ),
]
ShardSize = Annotated[int, Field(ge=1, le=100_000, description="Specimens per task.")]
MaxFailed = Annotated[
    float,
    Field(
        ge=0,
        le=1,
        description="Share of specimens without a map above which the run has failed; without any it has.",
    ),
]
AskedPrecision = Annotated[
    Literal["auto", "float32", "bfloat16", "float16"],
    Field(
        description="Precision of the model; auto: float32 on a CPU, on a GPU bfloat16 where a check on the first "
        "images stays within 2 % of the evidence's range."
    ),
]
ChannelsLast = Annotated[
    bool, Field(description="Give images in torch's channels-last memory format, which convolutions on GPUs prefer.")
]
Compiled = Annotated[bool, Field(description="Compile the model's trunk with torch.compile, which takes a while.")]
AskedDecoder = Annotated[
    Literal["auto", "cpu", "gpu"],
    Field(
        description="What decodes JPEGs; auto: on a GPU nvJPEG, where torchvision has it and most of the first files "
        "suit it, else the CPU. It is part of the run."
    ),
]
RetryFailed = Annotated[
    bool, Field(description="Compute failed specimens again although their images have not changed.")
]
Share = Annotated[
    bool, Field(description="Be one of several runs that write to the store at once: an array of tasks, several hosts.")
]
Verify = Annotated[bool, Field(description="Check every chunk first, and compute damaged ones again.")]
Runner = Annotated[
    str,
    Field(
        pattern=r"^(local|dask|(tcp|tls|ucx)://\S+)$",
        description="local (processes of this machine), dask (a Dask cluster of this machine), or tcp://host:port "
        "(a Dask scheduler).",
    ),
]
Workers = Annotated[
    int, Field(ge=0, le=1024, description="Worker processes; 0: one per GPU, or a single one without a GPU.")
]


class AnnotateOptions(Options):
    """Options of `annotate`."""

    catalog: Annotated[CatalogSource, POSITIONAL]
    classifier: ClassifierSpec
    store: NewStore
    references: References = REFERENCES
    references_by: ReferencesBy = "tier"
    method: Method = DEFAULT_METHOD
    gamma: FixedGamma = None
    device: AnyDevice = "auto"
    batch_size: AutomaticBatchSize = 32
    precision: AskedPrecision = "auto"
    channels_last: ChannelsLast = False
    compiled: Compiled = False
    decoder: AskedDecoder = "auto"
    shard_size: ShardSize = 512
    retry_failed: RetryFailed = False
    max_failed: MaxFailed = 1.0
    verify: Verify = False
    share: Share = False
    runner: Runner = "local"
    workers: Workers = 0
    allow_factory: AllowedFactory = ()
    allow_private: AllowPrivateHere = False

    def check_together(self) -> None:
        """Raise a `FinercamError` for a device that is not here, references that cannot be read, or shared chunks."""
        if "://" not in self.runner:  # workers elsewhere have devices of their own
            devices.device(self.device)
        if self.references_by not in inputs.PLAIN_CHOICES and "://" not in self.references_by:
            from finercam_core.references import policy_of

            policy_of(self.references_by, self.classifier)
        if self.share and self.verify:
            raise RunError("--verify gives up chunks that another run may be writing", "run it once without --share")
