"""The models that are measured: random weights, 60 classes, inputs of 224 x 224."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import timm
import torch

from finercam_core.explain import Classifier
from finercam_core.explain.model.execution import Execution
from finercam_core.images.preparation import Preparation

CLASSES, SIDE = 60, 224
SPECIES = [f"Aus species{i:02d}" for i in range(CLASSES)]
MODES = {
    "float32": Execution(),
    "bfloat16": Execution("bfloat16"),
    "bfloat16, channels-last": Execution("bfloat16", channels_last=True),
    "float16": Execution("float16"),
}
"""Ways to run a model that are measured beside each other."""


@dataclass(frozen=True)
class Case:
    """A timm model and the layer that is explained, None for the default layer."""

    title: str
    model: str
    layer: str | None = None


CASES = {
    "resnet50": Case("ResNet-50", "resnet50"),
    "convnext": Case("ConvNeXt-T", "convnext_tiny"),
    "vit": Case("ViT-B/16 (class token)", "vit_base_patch16_224"),
    "swin": Case("Swin-T", "swin_tiny_patch4_window7_224"),
    "vit-mean": Case("ViT-B/16 (mean)", "vit_base_patch16_siglip_gap_224", "blocks.11.norm1"),
    "vit-mean-norm": Case("ViT-B/16 (mean)", "vit_base_patch16_siglip_gap_224", "norm"),
}


def build(name: str, device: str = "cpu", execution: Execution | None = None) -> Classifier:
    """The classifier of a case, with its route chosen."""
    case = CASES[name]
    torch.manual_seed(0)
    model = timm.create_model(case.model, num_classes=CLASSES).eval().to(device)
    classifier = Classifier(model, SPECIES, case.layer, Preparation(SIDE, SIDE), name=case.title, execution=execution)
    assert classifier.grid
    return classifier


def images_of(classifier: Classifier, count: int) -> torch.Tensor:
    """Noise, the same in every run."""
    return torch.randn((count, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(1)).to(classifier.device)


def classes_of(classifier: Classifier, count: int, comparisons: int) -> torch.Tensor:
    """A class and its references for each image, different ones for each image."""
    first = torch.arange(count, device=classifier.device)[:, None]
    return (first + torch.arange(1 + comparisons, device=classifier.device)) % CLASSES


def forward(classifier: Classifier, images: torch.Tensor) -> torch.Tensor:
    """What the ratios refer to: only the scores, in the classifier's precision, with nothing kept for a gradient."""
    how = classifier.execution
    if how.channels_last:
        images = images.contiguous(memory_format=torch.channels_last)
    half = how.precision != "float32"
    dtype = getattr(torch, how.precision) if half else torch.bfloat16
    with torch.inference_mode(), torch.autocast(images.device.type, dtype, enabled=half):
        scores: torch.Tensor = classifier.model(images)
    return scores


def whole_in_half(classifier: Classifier, images: torch.Tensor) -> Callable[[], object]:
    """A forward pass of the whole model in bfloat16, weights, head and all: the rate that mixed precision may reach."""
    model, pixels = copy.deepcopy(classifier.model).bfloat16(), images.bfloat16()
    return torch.inference_mode()(partial(model, pixels))
