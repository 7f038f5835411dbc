"""Which layer of a model is explained, and where its linear head is; from timm's metadata and one trial run."""

from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import Any

import torch
from torch import nn

from finercam_core.errors import ClassifierError, FinercamError
from finercam_core.explain.model.capture import evaluating
from finercam_core.explain.model.layout import Layout


def default_target_layer(model: nn.Module, example: torch.Tensor | None = None) -> str:
    """Name of the layer that is explained unless the user chooses one.

    For vision transformers (models with prefix tokens and blocks) that is ``blocks.<last>.norm1``, the layer of the
    paper's own code: the last one whose patches meet in an attention. For all others it is what the pooling receives,
    the last module that gives a map of cells: ``layer4`` of a ResNet, ``stages.3`` of a ConvNeXt, ``bn2`` of an
    EfficientNet, ``norm`` of a Swin transformer or an MLP-Mixer.

    Parameters
    ----------
    model : torch.nn.Module
    example : tensor (N, 3, H, W), optional
        An input, on which models other than vision transformers run once. Without it, the last stage that timm states.

    Raises
    ------
    ClassifierError
        If no module gives a map.
    """
    blocks = getattr(model, "blocks", None)
    if hasattr(model, "num_prefix_tokens") and isinstance(blocks, nn.Sequential | nn.ModuleList) and len(blocks):
        name = f"blocks.{len(blocks) - 1}.norm1"
        if name in dict(model.named_modules()):
            return name
    stated = [str(entry["module"]) for entry in getattr(model, "feature_info", None) or []]
    maps = [] if example is None else _maps(model, example[:1])
    if not maps and stated:
        return stated[-1]
    if not maps:
        raise ClassifierError(f"{type(model).__name__} has no layer that gives a map", "name one with target_layer")
    same = [output.name for output in takewhile(lambda output: output.address == maps[-1].address, reversed(maps))]
    return next((name for name in stated if name in same), min(same, key=lambda name: name.count(".")))


@dataclass(frozen=True)
class _Map:
    """A module's output that is a map: modules that pass a tensor on have the same address."""

    name: str
    address: int


def _maps(model: nn.Module, image: torch.Tensor) -> list[_Map]:
    """All modules whose output is a map of the image, in the order in which they end."""
    maps: list[_Map] = []
    alive: list[torch.Tensor] = []

    def note(name: str, _module: nn.Module, _inputs: Any, output: Any) -> None:
        if isinstance(output, torch.Tensor) and _is_map(model, output, image):
            maps.append(_Map(name, output.data_ptr()))
            alive[:] = [output]  # keeps its address from being reused before the next output is noted

    hooks = [module.register_forward_hook(partial(note, name)) for name, module in model.named_modules() if name]
    try:
        with evaluating(model), torch.no_grad():
            model(image)
    finally:
        for hook in hooks:
            hook.remove()
    return maps


def _is_map(model: nn.Module, output: torch.Tensor, image: torch.Tensor) -> bool:
    try:
        Layout.of(model, output, image)
    except FinercamError:
        return False
    return True


def linear_head(model: nn.Module) -> nn.Linear | None:
    """The model's linear classification head, if it has one."""
    getter = getattr(model, "get_classifier", None)
    if getter is not None:
        head = getter()
        return head if isinstance(head, nn.Linear) else None
    linear = [module for module in model.modules() if isinstance(module, nn.Linear)]
    return linear[-1] if linear else None
