"""Heads and poolings put together at random: evidence is autograd's in double precision, or the layer is refused."""

import copy
from collections.abc import Callable

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import linear, normalize
from torch.nn.utils import parametrizations

from finercam_core.errors import ClassifierError
from finercam_core.explain import Classifier, explain
from finercam_core.explain.model.layers import linear_head
from finercam_core.images.preparation import Preparation

CLASSES, WIDTH, SIDE = 4, 6, 12
SPECIES = [f"Aus species{i}" for i in range(CLASSES)]
Function = Callable[[torch.Tensor], torch.Tensor]


class Altered(nn.Linear):
    """A linear layer whose input, weight and output may be something else than they look."""

    def __init__(self, bias: bool, parts: set[str]) -> None:
        super().__init__(WIDTH, CLASSES, bias=bias)
        self.parts = parts
        self.down, self.up = nn.Parameter(torch.randn(2, WIDTH)), nn.Parameter(torch.randn(CLASSES, 2))
        self.inner = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if "two layers" in self.parts:
            x = torch.tanh(self.inner(x))
        if "normalised input" in self.parts:
            x = 4 * normalize(x, dim=-1)
        weight = self.weight
        if "cosine" in self.parts:
            weight, x = normalize(weight, dim=-1), 8 * normalize(x, dim=-1)
        if "standardised" in self.parts:
            weight = (weight - weight.mean(1, keepdim=True)) / weight.std(1, keepdim=True)
        scores = linear(x, weight, self.bias)
        if "low rank" in self.parts:
            scores = scores + x @ self.down.T @ self.up.T
        if "scaled" in self.parts:
            scores = 2.5 * scores
        return scores.clamp(max=1.0) if "clamped" in self.parts else scores


PARTS = ["two layers", "normalised input", "cosine", "standardised", "low rank", "scaled", "clamped"]
WRAPS: dict[str, Callable[[nn.Linear], nn.Module]] = {
    "plain": lambda head: head,
    "weight norm": parametrizations.weight_norm,
    "spectral norm": parametrizations.spectral_norm,
    "norm before": lambda head: nn.Sequential(nn.LayerNorm(WIDTH), head),
    "dropout before": lambda head: nn.Sequential(nn.Dropout(0.5), head),
    "softmax behind": lambda head: nn.Sequential(head, nn.LogSoftmax(dim=1)),
}
POOLINGS: dict[str, Function] = {
    "mean": lambda cells: cells.mean(dim=(2, 3)),
    "maximum": lambda cells: cells.amax(dim=(2, 3)),
    "squares": lambda cells: cells.square().mean(dim=(2, 3)),
    "one cell": lambda cells: cells[:, :, 1, 1],
    "weighted": lambda cells: (cells * torch.linspace(0, 1, cells.shape[3], dtype=cells.dtype)).mean(dim=(2, 3)),
}
HOOKS = ["", "output", "input"]


class Assembled(nn.Module):
    """A small trunk, a pooling and a head."""

    def __init__(self, pooling: Function, head: nn.Module, in_place: bool) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, WIDTH, 3, stride=2, padding=1)
        self.conv = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
        self.act = nn.ReLU(inplace=in_place)
        self.pooling = pooling
        self.head = head

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = self.head(self.pooling(self.act(self.conv(self.stem(images).tanh()))))
        return scores


def hooked(head: nn.Module, hook: str) -> nn.Module:
    if hook == "output":
        head.register_forward_hook(lambda _module, _inputs, output: 0.2 * output)
    if hook == "input":
        head.register_forward_pre_hook(lambda _module, inputs: (inputs[0] + 0.3,))
    return head


def by_autograd(model: nn.Module, layer: str, images: torch.Tensor) -> torch.Tensor:
    """Evidence (N, K, h, w) in double precision, by a backward a class through the whole model."""
    exact = copy.deepcopy(model).double()
    caught: list[torch.Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: torch.Tensor) -> torch.Tensor:
        caught.append(output)
        return output.clone()

    exact.get_submodule(layer).register_forward_hook(keep)
    scores = exact(images.double())
    maps = []
    for column in scores.T:
        (gradient,) = torch.autograd.grad(column.sum(), caught[0], retain_graph=True)
        maps.append(torch.einsum("nc,nchw->nhw", gradient.sum(dim=(2, 3)), caught[0].detach()))
    return torch.stack(maps, dim=1)


@pytest.mark.filterwarnings("ignore:.*lazy.*")
@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**16),
    parts=st.sets(st.sampled_from(PARTS), max_size=2),
    wrap=st.sampled_from(list(WRAPS)),
    pooling=st.sampled_from(["mean", "mean", *POOLINGS]),
    hook=st.sampled_from(HOOKS),
    bias=st.booleans(),
    in_place=st.booleans(),
    layer=st.sampled_from(["act", "conv"]),
)
def test_any_head_is_right_or_refused(
    seed: int, parts: set[str], wrap: str, pooling: str, hook: str, bias: bool, in_place: bool, layer: str
) -> None:
    torch.manual_seed(seed)
    head: nn.Linear = Altered(bias, parts) if parts else nn.Linear(WIDTH, CLASSES, bias=bias)
    model = Assembled(POOLINGS[pooling], hooked(WRAPS[wrap](head), hook), in_place).eval()
    model(torch.randn(2, 3, SIDE, SIDE))  # spectral norm settles
    found = Classifier(model, SPECIES, layer, Preparation(SIDE, SIDE))
    try:
        name = found.route.name
    except ClassifierError:
        return
    images = torch.randn(3, 3, SIDE, SIDE)
    expected = by_autograd(model, layer, images)
    ours = explain(found, images, torch.arange(CLASSES).expand(3, -1)).evidence.double()
    spread = float(expected.max() - expected.min())
    assert float((ours - expected).abs().max()) <= 1e-4 * spread, name
    if not parts and wrap == "plain" and pooling == "mean" and not hook and layer == "act":
        assert name == "closed form: global average pooling, linear head"
        assert linear_head(model, CLASSES) is head
