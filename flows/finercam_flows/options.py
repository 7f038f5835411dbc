"""Types of the flows' parameters: what Prefect's pages make a form of, with the sentence that explains each field."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from finercam_core.base_methods import BASE_METHODS
from finercam_core.export.mask_export import FORMATS


@dataclass(frozen=True)
class Help:
    """Sentence beside a field of the form, and what can be chosen; Prefect drops what a `Field` in `Annotated` says."""

    text: str
    choices: tuple[str, ...] = ()

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Add the sentence to what the field's own type says."""
        choices = {"enum": list(self.choices)} if self.choices else {}
        return {**handler(schema), "description": self.text, **choices}


CatalogSource = Annotated[
    str, Field(min_length=1), Help("Manifest (TOML), table (CSV, Parquet), Darwin Core Archive or folder of images.")
]
ClassifierSpec = Annotated[
    str,
    Field(min_length=1),
    Help("Folder of `finercam train`, hf-hub:owner/name, CLIP prompts (TOML) or module:function."),
]
StoreLocation = Annotated[
    str, Field(min_length=1), Help("Store of evidence maps: a folder, or a URL such as s3://bucket/maps.zarr.")
]
Folder = Annotated[str, Field(min_length=1), Help("Folder for what is made; it may exist.")]
ImagesRoot = Annotated[str | None, Help("Folder of the collection's images, if it moved since the store was written.")]

References = Annotated[int, Field(ge=0, le=64), Help("Look-alike species that each species is compared with.")]
ReferencesBy = Annotated[
    str,
    Help("tier (closest relatives), cosine, logits, confusions, a tree (.nwk, .nex), or a table species,reference."),
]
Method = Annotated[str, Help("Base method.", tuple(BASE_METHODS))]
Device = Annotated[
    str, Field(pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$"), Help("auto, cpu, cuda (any free one) or cuda:1.")
]
BatchSize = Annotated[int, Field(ge=1), Help("Images a forward pass.")]
ShardSize = Annotated[int, Field(ge=1, le=100_000), Help("Specimens a task.")]
RetryFailed = Annotated[bool, Help("Compute failed specimens again although their images did not change.")]
Verify = Annotated[bool, Help("Check every chunk first and compute damaged ones again.")]
Runner = Annotated[
    str,
    Field(pattern=r"^(local|dask|(tcp|tls|ucx)://\S+)$"),
    Help("local: processes of this machine; dask: a Dask cluster of this machine; tcp://host:port: a Dask scheduler."),
]
Workers = Annotated[int, Field(ge=0, le=1024), Help("Worker processes; 0: one a GPU, or one in all without a GPU.")]

Gamma = Annotated[float, Field(ge=0), Help("Strength of the comparison; 0 is plain Grad-CAM.")]
OptionalGamma = Annotated[float | None, Field(ge=0), Help("Strength of the comparison; empty: the usual 0.6.")]
WeightingName = Annotated[Literal["mean", "softmax", "released"], Help("Weighting of the reference species.")]
Split = Annotated[str, Help("Specimens judged: a split, all, or auto: the test split where there is one.")]
Share = Annotated[float, Field(gt=0, le=1), Help("Share of the pixels in a region.")]
Seed = Annotated[int, Help("Of random maps and bootstrap samples.")]
MaskFormat = Annotated[str, Help("Form of the masks.", tuple(FORMATS))]
Which = Annotated[Literal["accepted", "automatic"], Help("Masks accepted in review, or unreviewed thresholds.")]
Gammas = Annotated[Sequence[float], Help("Strengths of the comparison that faithfulness is measured at, too.")]
WeightingNames = Annotated[
    Sequence[Literal["mean", "softmax", "released"]], Help("Weightings that faithfulness is measured with, too.")
]
Evaluation = Annotated[
    str | None, Help("Folder of an evaluation made with the classifier, whose faithfulness is taken up.")
]
Published = Annotated[
    str | None, Help("Figures to print ours beside: paper, or a CSV with the columns map, figure, value.")
]
Boxes = Annotated[str | None, Help("Table of boxes around the specimens: image_id, x, y, width, height in pixels.")]
Planted = Annotated[bool, Help("The collection was rendered: rank the traits that truly differ.")]
OptionalClassifier = Annotated[
    str | None, Help("The classifier of the store; with it faithfulness and sanity checks are measured too.")
]
Methods = Annotated[Sequence[str], Help("Other base methods to compare with in faithfulness.")]
Baselines = Annotated[Sequence[str], Help("Explainers to compare with: rise, lime, integrated_gradients and others.")]
Fill = Annotated[Literal["mean", "road"], Help("What masked pixels become.")]
Steps = Annotated[int, Field(ge=2, le=1000), Help("Steps of the deletion and insertion curves.")]
Limit = Annotated[int | None, Field(ge=1), Help("Specimens at most for faithfulness, spread evenly; empty: all.")]

Model = Annotated[str, Field(min_length=1), Help("timm name, or package.module:function.")]
NewFolder = Annotated[str, Field(min_length=1), Help("Folder for the classifier; it must not exist yet.")]
TrainingMode = Annotated[Literal["probe", "finetune"], Help("probe: a linear head; finetune: the whole model.")]
Pretrained = Annotated[bool, Help("Start a timm model from its published weights.")]
TrainingSettings = Annotated[dict[str, Any] | None, Help("Such as epochs and batch_size; empty: the usual ones.")]
MinimumImages = Annotated[int, Field(ge=1), Help("Training images that a species needs.")]
FeatureCache = Annotated[str | None, Help("Folder where the features of frozen models are kept.")]

PerHost = Annotated[int, Field(ge=1), Help("Requests that one server answers at the same time.")]
Attempts = Annotated[int, Field(ge=1), Help("How often an image is asked for when the cause may pass.")]
Contact = Annotated[str, Help("Your mail or web address, sent to the servers, so that their owners can write to you.")]
AllowPrivate = Annotated[bool, Help("Servers of your own network may be asked.")]
AskAgain = Annotated[bool, Help("Ask again for what failed for good.")]
