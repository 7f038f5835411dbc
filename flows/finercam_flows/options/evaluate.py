"""Options of `evaluate`."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from finercam_core.base_methods import base_method, other_explainer
from finercam_core.strengths import GAMMA, GAMMAS, WEIGHTINGS
from finercam_core.strengths import Weighting as WeightingName
from finercam_flows.options.fields import (
    Above,
    AllowedFactory,
    AllowPrivateHere,
    BatchSize,
    Device,
    Gamma,
    ImagesRoot,
    JudgedPart,
    OnTraining,
    OutputFolder,
    StoreLocation,
    TopShare,
)
from finercam_flows.places import classifiers, inputs
from finercam_flows.signatures.base import POSITIONAL, Checked, Options

Weighting = Annotated[WeightingName, Field(description="How the reference species are weighted.")]
Seed = Annotated[int, Field(description="Seed of random maps and bootstrap samples.")]
Boxes = Annotated[
    str | None,
    Field(description="Table of boxes around the specimens: image_id, x, y, width, height in pixels."),
    Checked(inputs.file),
]
Planted = Annotated[
    bool, Field(description="For a rendered collection: rank the traits that truly differ, and measure true regions.")
]
Published = Annotated[
    str | None,
    Field(description="Published figures to print beside ours: paper, or a CSV with the columns map, figure, value."),
    Checked(inputs.published),
]
StoreClassifier = Annotated[
    str | None,
    Field(description="The store's classifier; with it, faithfulness and sanity checks are measured as well."),
    Checked(classifiers.classifier),
]
Gammas = Annotated[
    Sequence[Annotated[float, Field(ge=0)]], Field(description="Strengths γ at which faithfulness is measured as well.")
]
Weightings = Annotated[
    Sequence[WeightingName], Field(description="Weightings with which faithfulness is measured as well.")
]
Methods = Annotated[
    Sequence[str], Field(description="Other base methods to compare with in faithfulness."), Checked(base_method)
]
Baselines = Annotated[
    Sequence[str],
    Field(
        description="Explainers to compare with in faithfulness: integrated_gradients, smooth_grad, lrp, lime, "
        "kernel_shap, occlusion, rise, or all."
    ),
    Checked(other_explainer),
]
Fill = Annotated[Literal["mean", "road"], Field(description="What masked pixels become.")]
Steps = Annotated[int, Field(ge=2, le=1000, description="Steps of the deletion and insertion curves.")]
Limit = Annotated[int | None, Field(ge=0, description="Specimens at most for faithfulness, evenly spread; 0: all.")]


class EvaluateOptions(Options):
    """Options of `evaluate`."""

    store: Annotated[StoreLocation, POSITIONAL]
    out: OutputFolder
    gamma: Gamma = GAMMA
    weighting: Weighting = "mean"
    above: Above = "none"
    split: JudgedPart = "auto"
    i_know: OnTraining = False
    top: TopShare = 0.05
    seed: Seed = 0
    images: ImagesRoot = None
    boxes: Boxes = None
    planted: Planted = False
    beside: Published = None
    classifier: StoreClassifier = None
    gammas: Gammas = GAMMAS
    weightings: Weightings = WEIGHTINGS
    methods: Methods = ()
    baselines: Baselines = ()
    fill: Fill = "mean"
    steps: Steps = 20
    limit: Limit = 200
    device: Device = "auto"
    batch_size: Annotated[BatchSize, Field(description="Masked images per forward pass.")] = 64
    allow_factory: AllowedFactory = ()
    allow_private: AllowPrivateHere = False
