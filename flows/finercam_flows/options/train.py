"""Options of `train`."""

from typing import Annotated, Any, Literal

from pydantic import Field

from finercam_flows.options.fields import AllowPrivateHere, CatalogSource, ClassifierFolder, Device
from finercam_flows.places import classifiers, outputs
from finercam_flows.signatures.base import POSITIONAL, Checked, CommandLine, Options

Model = Annotated[
    str,
    Field(description="timm name, file.py:function or package.module:function; by default what works on this machine."),
    Checked(classifiers.model),
]
TrainingMode = Annotated[
    Literal["probe", "finetune"],
    Field(description="probe: train a linear head on the frozen model; finetune: train the whole model."),
]
Pretrained = Annotated[bool, Field(description="Start a timm model from its published weights.")]
TrainingSettings = Annotated[
    dict[str, Any] | None,
    Field(description="Settings of the mode, such as epochs=30 or adjustment=1; see docs/training.md."),
]
Folds = Annotated[
    int,
    Field(
        ge=0,
        le=100,
        description="Cross-fitting of a probe: so many heads, each without a fold of the specimens, so that every "
        "image is judged by a head that never saw it; 0 for none.",
    ),
]
MinimumImages = Annotated[int, Field(ge=1, description="Training images that a species needs.")]
FeatureCache = Annotated[
    str | None,
    Field(description="Folder where the features of frozen models are kept, by default beside the classifier."),
    Checked(outputs.cache),
]


InputSize = Annotated[
    int | None, Field(ge=16, description="Side of the model's input in pixels; by default the model's own.")
]
Fit = Annotated[
    Literal["pad", "squash", "crop"] | None,
    Field(description="How photographs are brought to the input's shape; pad shows them whole."),
]


class TrainOptions(Options):
    """Options of `train`."""

    catalog: Annotated[CatalogSource, POSITIONAL]
    model: Model = ""
    out: Annotated[
        ClassifierFolder,
        Field(description="Folder for the classifier; it must not exist yet."),
        Checked(outputs.new_classifier),
    ] = "classifier"
    mode: TrainingMode = "probe"
    pretrained: Pretrained = True
    settings: Annotated[TrainingSettings, CommandLine("--set", "NAME=VALUE")] = None
    minimum_images: MinimumImages = 1
    folds: Folds = 0
    cache: FeatureCache = None
    device: Device = "auto"
    size: InputSize = None
    fit: Fit = None
    allow_private: AllowPrivateHere = False

    def check_together(self) -> None:
        """Raise `TrainingError` for settings or folds that the mode does not have, or that are out of range."""
        from finercam_core.train.settings import check_folds, read_settings

        check_folds(self.mode, self.folds)
        read_settings(self.mode, self.settings or {})
