"""Types of options that several commands share, each with its bounds, choices and help."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from finercam_core.base_methods import BASE_METHODS, base_method
from finercam_core.strengths import Baseline
from finercam_flows.places import classifiers, devices, inputs, outputs
from finercam_flows.signatures.base import COMMAND_ONLY, Checked


class MethodNames:
    """The base methods as choices of a form; where they are used other spellings are understood as well."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Add the names to the schema of a string."""
        return {**handler(schema), "enum": list(BASE_METHODS)}


CatalogSource = Annotated[
    str,
    Field(min_length=1, description="Manifest (TOML), table (CSV, Parquet), Darwin Core Archive or folder of images."),
    Checked(inputs.catalog),
]
ClassifierSpec = Annotated[
    str,
    Field(
        min_length=1,
        description="Folder that `finercam train` wrote, hf-hub:owner/name, CLIP prompts (TOML), file.py:function or "
        "module:function.",
    ),
    Checked(classifiers.classifier),
]
_STORE = Field(min_length=1, description="Store of evidence maps: a folder, or a URL such as s3://bucket/maps.zarr.")
StoreLocation = Annotated[str, _STORE, Checked(inputs.store)]
NewStore = Annotated[str, _STORE, Checked(outputs.store)]
OutputFolder = Annotated[
    str, Field(min_length=1, description="Folder for the results; it may exist."), Checked(outputs.folder)
]
ClassifierFolder = Annotated[str, Field(min_length=1, description="Folder for the classifier.")]
ImagesRoot = Annotated[
    str | None,
    Field(description="Folder of the collection's images and masks, if they have moved."),
    Checked(inputs.folder),
]
CatalogRoot = Annotated[
    str | None,
    Field(description="Folder or URL of the images, if the one in the catalog is wrong."),
    Checked(inputs.folder),
]

Method = Annotated[
    str,
    MethodNames(),
    Field(description=f"Base method: {', '.join(BASE_METHODS)}; see docs/methods.md."),
    Checked(base_method),
]
AnyDevice = Annotated[
    str,
    Field(
        pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$",
        description="Where the model runs: auto, cpu, mps, cuda (any free GPU) or cuda:1 (this one).",
    ),
]
Device = Annotated[AnyDevice, Checked(devices.device)]
AllowPrivate = Annotated[bool, Field(description="Also ask servers on this machine and in private networks.")]
AllowPrivateHere = Annotated[AllowPrivate, COMMAND_ONLY]
AllowedFactory = Annotated[
    Sequence[str],
    Field(
        description="Function that may be called to build the classifier, or a classifier's folder that may name one; "
        "see docs/trust.md."
    ),
    Checked(classifiers.allowed),
    COMMAND_ONLY,
]
BatchSize = Annotated[int, Field(ge=1, description="Images per forward pass.")]
AutomaticBatchSize = Annotated[
    Annotated[int, Field(ge=1)] | Literal["auto"],
    Field(description="Images per forward pass; auto: 32 on a CPU, on a GPU as many as time and memory allow."),
]

JudgedPart = Annotated[
    str,
    Field(
        min_length=1,
        description="Specimens that are judged: auto (those that the classifier never saw), test, val, left_out, "
        "unknown (in none of its lists), train or all.",
    ),
    Checked(inputs.judged_part),
]
OnTraining = Annotated[
    bool, Field(description="Judge training images too; every page, table and file is marked with it.")
]
Gamma = Annotated[float, Field(ge=0, description="Strength γ of the comparison; 0 is the base method alone.")]
Above = Annotated[
    Baseline,
    Field(
        description="What maps are looked at above (export: automatic masks; evaluate: one more map is judged): "
        "none; mean, their own; look-alike, its specimens; both; quantile, their 90 %; sharp, look-alike then quantile."
    ),
]
TopShare = Annotated[float, Field(gt=0, le=1, description="Share of the pixels that belong to a region.")]
