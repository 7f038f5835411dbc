"""Any model of timm with random weights, at its default layer: right by float64 autograd, or refused for a reason."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

import timm
import torch
from torch import nn

from finercam_core.errors import FinercamError
from finercam_core.explain import Classifier, explain
from finercam_core.images.preparation import Preparation

CLASSES = 5
SPECIES = [f"Aus species{i}" for i in range(CLASSES)]
RIGHT, REFUSED, WRONG = "right", "refused", "wrong"
TOLERANCE = 1e-4
"""Largest error of the evidence as a share of its range."""


@dataclass(frozen=True)
class Verdict:
    """What became of a model.

    Attributes
    ----------
    model, layer, route : str
    grid : str
        Height and width in cells, such as "7 × 7".
    verdict : str
        "right", "wrong" or "refused".
    error : float
        Largest error of the evidence of all classes as a share of its range; NaN if it was refused.
    sentence : str
        Why it was refused.
    seconds : float
    """

    model: str
    verdict: str
    layer: str = ""
    route: str = ""
    grid: str = ""
    error: float = float("nan")
    sentence: str = ""
    seconds: float = 0.0


def varied(model: nn.Module, seed: int = 3) -> nn.Module:
    """The model in evaluation mode and double precision with weights for which its scores and attention vary."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for key, value in model.named_parameters():
            if value.ndim > 1 and not value.any():  # heads that begin with the same score for every image
                value.copy_(0.5 * torch.randn(value.shape, generator=generator))
            elif value.ndim > 1 and "patch_embed" not in key:
                value.mul_(1.5)
            elif value.ndim == 1 and "norm_pre" not in key:
                value.add_(0.2 * torch.randn(value.shape, generator=generator))
            if "relative_position_bias_table" in key:
                value.copy_(torch.randn(value.shape, generator=generator))
    return model.double().eval()


def built(name: str, seed: int = 3, *, side: int | None = None, **arguments: object) -> Classifier:
    """A classifier of a timm model with random weights, for images of the size that it is built for, or of a side."""
    torch.manual_seed(seed)
    model = varied(timm.create_model(name, num_classes=CLASSES, **arguments), seed)
    size = side or arguments.get("img_size") or model.pretrained_cfg["input_size"][1:]
    height, width = size if isinstance(size, tuple | list) else (size, size)
    return Classifier(model, SPECIES, preparation=Preparation(height, width), name=name)


def judged(name: str, *, side: int | None = None, **arguments: object) -> Verdict:
    """Explain all classes of two random images, and compare with autograd through the whole model."""
    start = perf_counter()
    found = built(name, side=side, **arguments)
    try:
        grid = found.grid
    except FinercamError as error:
        return Verdict(name, REFUSED, sentence=str(error), seconds=perf_counter() - start)
    size = (2, 3, found.preparation.height, found.preparation.width)
    images = torch.randn(size, generator=torch.Generator().manual_seed(1)).double()
    ours = explain(found, images, torch.arange(CLASSES).expand(2, -1)).evidence
    theirs = evidence_by_autograd(found, images)
    error = float((ours - theirs).abs().max() / (theirs.max() - theirs.min()))
    verdict = RIGHT if error <= TOLERANCE else WRONG
    cells = f"{grid[0]} × {grid[1]}"
    return Verdict(name, verdict, found.target_layer, found.route.name, cells, error, "", perf_counter() - start)


def evidence_by_autograd(found: Classifier, images: torch.Tensor) -> torch.Tensor:
    """Evidence (N, K, h, w) of all classes by a backward a class; the layer's output is copied before it goes on."""
    caught: list[torch.Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: torch.Tensor) -> torch.Tensor:
        caught.append(output)
        return output.clone()

    hook = found.layer.register_forward_hook(keep)
    try:
        with torch.enable_grad():
            output = found.model(images.clone().requires_grad_() * 1)
    finally:
        hook.remove()
    logits = output if isinstance(output, torch.Tensor) else output.logits
    return torch.stack(list(_maps(found, images, logits, caught[0])), dim=1)


def _maps(
    found: Classifier, images: torch.Tensor, logits: torch.Tensor, output: torch.Tensor
) -> Iterator[torch.Tensor]:
    activation = found.route.to_grid(output.detach(), images)
    for column in logits.T:
        (gradient,) = torch.autograd.grad(column.sum(), output, retain_graph=True)
        yield torch.einsum("nc,nchw->nhw", found.route.to_grid(gradient, images).sum(dim=(2, 3)), activation)
