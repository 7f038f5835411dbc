"""Options of `train`."""

from typing import Annotated, Any, Literal

from pydantic import Field

from finercam_flows.options.fields import CatalogSource, ClassifierFolder, Device
from finercam_flows.signatures.base import POSITIONAL, CommandLine, Options

Model = Annotated[str, Field(min_length=1, description="timm name, or package.module:function.")]
TrainingMode = Annotated[
    Literal["probe", "finetune"],
    Field(description="probe: train a linear head on the frozen model; finetune: train the whole model."),
]
Pretrained = Annotated[bool, Field(description="Start a timm model from its published weights.")]
TrainingSettings = Annotated[
    dict[str, Any] | None,
    Field(description="Settings of the mode, such as epochs=30 or adjustment=1; see docs/training.md."),
]
MinimumImages = Annotated[int, Field(ge=1, description="Training images that a species needs.")]
FeatureCache = Annotated[
    str | None,
    Field(description="Folder where the features of frozen models are kept, by default beside the classifier."),
]


class TrainOptions(Options):
    """Options of `train`."""

    catalog: Annotated[CatalogSource, POSITIONAL]
    model: Model
    out: Annotated[ClassifierFolder, Field(description="Folder for the classifier; it must not exist yet.")]
    mode: TrainingMode = "probe"
    pretrained: Pretrained = True
    settings: Annotated[TrainingSettings, CommandLine("--set", "NAME=VALUE")] = None
    minimum_images: MinimumImages = 1
    cache: FeatureCache = None
    device: Device = "auto"
