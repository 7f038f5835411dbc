"""Which layer of a model is explained, and where its linear head is; from timm's metadata and one trial run."""

import difflib
from collections import Counter
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import Any

import torch
from torch import nn

from finercam_core.errors import ClassifierError, FinercamError
from finercam_core.explain.model.capture import evaluating, frozen, scores_of
from finercam_core.explain.model.layout import Layout
from finercam_core.explain.model.location import is_located, locations, noted

# A map that gives less than this share of what another gives is not where the scores come from.
_LEAST_SHARE = 1e-5
# Parts of the names of classes whose own layers are no features of the image.
_ATTENTION = ("attention", "attn")


def default_target_layer(model: nn.Module, example: torch.Tensor | None = None) -> str:
    """Name of the layer that is explained unless the user chooses one.

    For vision transformers (models with prefix tokens and blocks, also within a wrapper) that is
    ``blocks.<last>.norm1``, the layer of the paper's own code: the last one whose patches meet in an attention. For all
    others it is what the pooling receives, the last module that gives a map of cells on which the scores depend:
    ``layer4`` of a ResNet, ``stages.3`` of a ConvNeXt, ``bn2`` of an EfficientNet, ``norm`` of a Swin transformer or an
    MLP-Mixer.

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
    name = _last_norm(model)
    if name is not None and (example is None or is_located(model, name, example)):
        return name
    stated = [str(entry["module"]) for entry in getattr(model, "feature_info", None) or []]
    maps = [] if example is None else _maps(model, example[:1])
    if not maps and stated:
        return stated[-1]
    if example is None or not maps:
        raise ClassifierError(f"{type(model).__name__} has no layer that gives a map", "name one with target_layer")
    last = _last(model, maps, example)
    maps = maps[: maps.index(last) + 1]
    same = [output.name for output in takewhile(lambda output: output.address == last.address, reversed(maps))]
    return next((name for name in stated if name in same), min(same, key=lambda name: name.count(".")))


def _last(model: nn.Module, maps: list["_Map"], example: torch.Tensor) -> "_Map":
    """The last map that the scores depend on and whose cells lie where the image has them.

    What an attention gives to its own parts, and what the model's heads give, is taken only where there is no other.
    """
    located = locations(model, example, {output.name: model.get_submodule(output.name) for output in maps})
    inside = _inside(model)
    usual = [output for output in maps if output.name not in inside]
    for output in [*reversed(usual), *reversed(maps)]:
        if output.influential and is_located(model, output.name, example, located.get(output.name)):
            return output
    return maps[-1]


def _inside(model: nn.Module) -> set[str]:
    """Names of the modules within an attention, and of the heads that timm names."""
    config = getattr(model, "pretrained_cfg", None) or {}
    heads = config.get("classifier") or ()
    names = set([heads] if isinstance(heads, str) else heads)
    for name, module in model.named_modules():
        if any(word in type(module).__name__.lower() for word in _ATTENTION):
            names |= {f"{name}.{part}" for part, _ in module.named_modules() if part}
    return names


def influential_layers(model: nn.Module, example: torch.Tensor) -> list[str]:
    """Names of the modules whose output is a map of the image that the scores of an example (N, 3, H, W) depend on."""
    maps = [output for output in _maps(model, example[:1]) if output.influential]
    located = locations(model, example, {output.name: model.get_submodule(output.name) for output in maps})
    return [name for name, location in located.items() if location.right]


def _last_norm(model: nn.Module) -> str | None:
    """First norm of the last block of the vision transformer that the model is, or that it wraps."""
    modules = dict(model.named_modules())
    for name, module in modules.items():
        blocks = getattr(module, "blocks", None)
        if hasattr(module, "num_prefix_tokens") and isinstance(blocks, nn.Sequential | nn.ModuleList) and len(blocks):
            norm = ".".join(filter(None, (name, "blocks", str(len(blocks) - 1), "norm1")))
            return norm if norm in modules else None
    return None


@dataclass(frozen=True)
class _Map:
    """A module's output that is a map: modules that pass a tensor on have the same address."""

    name: str
    address: int
    influential: bool


def _maps(model: nn.Module, image: torch.Tensor) -> list[_Map]:
    """All modules that run once and whose output is a map of the image, in the order in which they end."""
    outputs: list[tuple[str, torch.Tensor]] = []  # which keeps them, so that no address is used twice
    runs: Counter[str] = Counter()

    def note(name: str, _module: nn.Module, _inputs: Any, output: Any) -> None:
        runs[name] += 1
        if isinstance(output, torch.Tensor) and _is_map(model, output, image):
            outputs.append((name, output))

    hooks = [module.register_forward_hook(partial(note, name)) for name, module in model.named_modules() if name]
    try:
        with evaluating(model), frozen(model), torch.inference_mode(False), torch.enable_grad():
            logits = scores_of(model(image.clone().requires_grad_() * 1))
    finally:
        for hook in hooks:
            hook.remove()
    outputs = [(name, output) for name, output in outputs if runs[name] == 1]
    strengths = _strengths(model, [output for _, output in outputs], logits, image)
    least = _LEAST_SHARE * max(strengths, default=0.0)
    return [
        _Map(name, output.data_ptr(), strength > least)
        for (name, output), strength in zip(outputs, strengths, strict=True)
    ]


def _strengths(model: nn.Module, outputs: list[torch.Tensor], logits: torch.Tensor, image: torch.Tensor) -> list[float]:
    """How much a random combination of the scores comes from each map's cells: gradient times output, summed up."""
    if not outputs:
        return []
    seed = torch.randn(logits.shape, generator=torch.Generator().manual_seed(0)).to(logits)
    try:
        gradients = torch.autograd.grad(logits, outputs, seed, allow_unused=True)
    except RuntimeError:  # an operation without a derivative: nothing is known
        return [1.0] * len(outputs)
    strengths = []
    for output, gradient in zip(outputs, gradients, strict=True):
        product = None if gradient is None else (gradient * output).detach().abs()
        layout = Layout.of(model, output, image)
        strengths.append(0.0 if product is None else float(layout.to_grid(product, layout.grid(output, image)).sum()))
    return strengths


def _is_map(model: nn.Module, output: torch.Tensor, image: torch.Tensor) -> bool:
    try:
        Layout.of(model, output, image)
    except FinercamError:
        return False
    return True


def linear_head(model: nn.Module, scores: int | None = None, example: torch.Tensor | None = None) -> nn.Linear | None:
    """The model's linear classification head, if it has one.

    Parameters
    ----------
    model : torch.nn.Module
    scores : int, optional
        Number of classes; a layer of another width is no head.
    example : tensor (N, 3, H, W), optional
        An input, on which a model that is not timm's runs once: of several layers of the right width the head is the
        one whose output the scores are. Without it, the last one.
    """
    getter = getattr(model, "get_classifier", None)
    if getter is not None:
        head = getter()
        return head if isinstance(head, nn.Linear) and _fits(head, scores) else None
    linear = {name: part for name, part in model.named_modules() if isinstance(part, nn.Linear) and _fits(part, scores)}
    if len(linear) > 1 and example is not None:
        return _giving_the_scores(model, linear, example)
    return list(linear.values())[-1] if linear else None


def _fits(head: nn.Linear, scores: int | None) -> bool:
    return scores is None or head.out_features == scores


def _giving_the_scores(model: nn.Module, linear: dict[str, nn.Linear], example: torch.Tensor) -> nn.Linear | None:
    """The last layer whose output is the scores."""
    outputs: dict[str, torch.Tensor] = {}

    def note(name: str, output: torch.Tensor) -> None:
        outputs[name] = output.detach().clone()

    with noted(linear, note), evaluating(model), torch.no_grad():
        scores = scores_of(model(example))
    same = [name for name, output in outputs.items() if output.shape == scores.shape and torch.equal(output, scores)]
    return linear[same[-1]] if same else None


def find_layer(model: nn.Module, name: str) -> nn.Module:
    """Module of a model by its dotted name; the error about an unknown name suggests similar ones."""
    modules: dict[str, nn.Module] = dict(model.named_modules())
    if name not in modules or not name:
        close = difflib.get_close_matches(name, [key for key in modules if key], n=3, cutoff=0.3)
        raise ClassifierError(
            f"the model has no layer {name!r}", f"perhaps {' or '.join(close) or 'see named_modules'}"
        )
    return modules[name]
