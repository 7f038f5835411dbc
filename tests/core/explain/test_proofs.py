"""No route without a proof: whatever the head is, evidence is autograd's, or the layer is refused."""

import warnings
from collections.abc import Callable

import pytest
import timm
import torch
from backbones import build, images_of
from torch import nn
from torch.nn.utils import parametrizations

from finercam_core.errors import ClassifierError
from finercam_core.explain import Classifier, explain
from finercam_core.images.preparation import Preparation

CLASSES, WIDTH, SIDE = 5, 6, 12
SPECIES = [f"Aus species{i}" for i in range(CLASSES)]
MakeHead = Callable[[], nn.Module]


class Scaled(nn.Linear):
    """A linear layer whose output is doubled."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * super().forward(x)


class Cosine(nn.Linear):
    """Cosines of features and rows, times 16."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        normalise = nn.functional.normalize
        return 16 * nn.functional.linear(normalise(x, dim=-1), normalise(self.weight, dim=-1))


class Standardised(nn.Linear):
    """Rows with mean 0 and deviation 1."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows = self.weight - self.weight.mean(dim=1, keepdim=True)
        return nn.functional.linear(x, rows / rows.std(dim=1, keepdim=True), self.bias)


class LowRank(nn.Linear):
    """A frozen layer with a trained correction of rank 2 beside it."""

    def __init__(self, features: int, classes: int) -> None:
        super().__init__(features, classes)
        self.down, self.up = nn.Parameter(torch.randn(2, features)), nn.Parameter(torch.randn(classes, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) + x @ self.down.T @ self.up.T


class Inside(nn.Linear):
    """A linear layer behind another layer of its own."""

    def __init__(self, features: int, classes: int) -> None:
        super().__init__(features, classes)
        self.first = nn.Parameter(torch.randn(features, features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(torch.tanh(x @ self.first))


class Warns(nn.Linear):
    """A linear layer that warns whenever it is used."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        warnings.warn("this layer will be renamed", FutureWarning, stacklevel=1)
        return super().forward(x)


class OneClass(nn.Linear):
    """Only the score of one class in the middle is not linear."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores = super().forward(x)
        return torch.cat([scores[:, :2], scores[:, 2:3] ** 3, scores[:, 3:]], dim=1)


class Late(nn.Linear):
    """Linear until a score passes a bound that ordinary inputs do not reach."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x).clamp(max=1.5)


def hooked() -> nn.Module:
    head = nn.Linear(WIDTH, CLASSES)
    head.register_forward_hook(lambda _module, _inputs, output: 0.2 * output)
    return head


def input_hooked() -> nn.Module:
    head = nn.Linear(WIDTH, CLASSES)
    head.register_forward_pre_hook(lambda _module, inputs: (inputs[0].relu(),))
    return head


def replaced() -> nn.Module:
    head = nn.Linear(WIDTH, CLASSES)
    head.__dict__["forward"] = lambda x: 3 * nn.functional.linear(x, head.weight)
    return head


def two_layers() -> nn.Module:
    return nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(inplace=True), nn.Linear(WIDTH, CLASSES))


HEADS: dict[str, MakeHead] = {
    **{kind.__name__: lambda kind=kind: kind(WIDTH, CLASSES)
       for kind in (nn.Linear, Scaled, Cosine, Standardised, LowRank, Inside, OneClass, Late)},
    "no bias": lambda: nn.Linear(WIDTH, CLASSES, bias=False),
    "weight norm": lambda: parametrizations.weight_norm(nn.Linear(WIDTH, CLASSES)),
    "spectral norm": lambda: parametrizations.spectral_norm(nn.Linear(WIDTH, CLASSES)),
    "old weight norm": lambda: nn.utils.weight_norm(nn.Linear(WIDTH, CLASSES)),
    "hook": hooked,
    "hook on the input": input_hooked,
    "replaced forward": replaced,
    "two layers": two_layers,
    "norm before": lambda: nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, CLASSES)),
    "softmax behind": lambda: nn.Sequential(nn.Linear(WIDTH, CLASSES), nn.LogSoftmax(dim=1)),
}  # fmt: skip


class Trunk(nn.Module):
    """Two convolutions, a mean over the cells and a head."""

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, WIDTH, 3, stride=2, padding=1)
        self.conv = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
        self.act = nn.ReLU(inplace=True)
        self.head = head

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        cells = self.act(self.conv(self.stem(images).tanh()))
        scores: torch.Tensor = self.head(cells.mean(dim=(2, 3)))
        return scores


def classifier(head: nn.Module, layer: str, seed: int = 0) -> Classifier:
    torch.manual_seed(seed)
    model = Trunk(head).eval()
    return Classifier(model, SPECIES, layer, Preparation(SIDE, SIDE))


def evidence_by_autograd(found: Classifier, images: torch.Tensor) -> torch.Tensor:
    """Evidence (N, K, h, w) of all classes in the model's precision; the layer's output is copied before it goes on."""
    caught: list[torch.Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: torch.Tensor) -> torch.Tensor:
        caught.append(output)
        return output.clone()

    hook = found.layer.register_forward_hook(keep)
    try:
        logits = found.model(images.clone().requires_grad_())
    finally:
        hook.remove()
    maps = []
    for column in logits.T:
        (gradient,) = torch.autograd.grad(column.sum(), caught[0], retain_graph=True)
        maps.append(torch.einsum("nc,nchw->nhw", gradient.sum(dim=(2, 3)), caught[0].detach()))
    return torch.stack(maps, dim=1)


def every_class(images: torch.Tensor) -> torch.Tensor:
    return torch.arange(CLASSES).expand(len(images), -1)


@pytest.mark.filterwarnings("ignore:.*weight_norm.*is deprecated")
@pytest.mark.parametrize("layer", ["act", "conv"])
@pytest.mark.parametrize("name", HEADS)
def test_evidence_of_any_head_is_autograd(name: str, layer: str) -> None:
    torch.manual_seed(len(name))
    found = classifier(HEADS[name](), layer, seed=len(name))
    images = torch.randn(3, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(4))
    expected = evidence_by_autograd(found, images)
    ours = explain(found, images, every_class(images)).evidence
    assert float((ours - expected).abs().max()) <= 1e-4 * float(expected.max() - expected.min())


def test_a_plain_linear_head_keeps_its_closed_form() -> None:
    for name in ("Linear", "no bias", "weight norm", "spectral norm"):
        assert classifier(HEADS[name](), "act").route.name == "closed form: global average pooling, linear head"


@pytest.mark.filterwarnings("ignore:this layer will be renamed")
def test_a_model_that_warns_keeps_its_closed_form() -> None:
    assert classifier(Warns(WIDTH, CLASSES), "act").route.name == "closed form: global average pooling, linear head"


@pytest.mark.parametrize("name", ["Scaled", "Cosine", "Standardised", "hook"])
def test_a_head_on_a_model_of_timm_is_autograd(name: str) -> None:
    found = build("resnet10t")
    features = found.model.get_classifier().in_features
    kinds = {"Scaled": Scaled, "Cosine": Cosine, "Standardised": Standardised, "hook": nn.Linear}
    found.model.fc = kinds[name](features, CLASSES)
    if name == "hook":
        found.model.fc.register_forward_hook(lambda _module, _inputs, output: 0.2 * output)
    found.model.double()
    images = images_of(found)
    expected = evidence_by_autograd(found, images)
    ours = explain(found, images, every_class(images)).evidence
    assert float((ours - expected).abs().max()) <= 1e-9 * float(expected.abs().max())


def test_a_layer_that_the_scores_hardly_depend_on_is_refused() -> None:
    torch.manual_seed(0)
    model = timm.create_model(
        "vit_small_patch16_dinov3", num_classes=CLASSES, img_size=64, depth=2, embed_dim=48, num_heads=3
    ).eval()
    found = Classifier(model, SPECIES, "blocks.1.norm1", Preparation(64, 64))
    with pytest.raises(ClassifierError, match=r"does not depend on the target layer's cells: its evidence is .*use "):
        _ = found.grid


def test_scores_that_are_not_numbers_are_the_reason() -> None:
    found = classifier(nn.Linear(WIDTH, CLASSES), "act")
    with torch.no_grad():
        found.model.head.weight[1, 1] = torch.nan
    with pytest.raises(ClassifierError, match="scores of random images are not finite numbers: look for NaN"):
        _ = found.grid


@pytest.mark.parametrize("method", ["gradcam", "ablationcam", "scorecam", "layercam"])
def test_what_is_caught_is_what_the_layer_put_out(method: str) -> None:
    """The activation behind it works in place, and gives the same maps as one that does not."""
    maps = []
    for in_place in (True, False):
        torch.manual_seed(3)
        found = classifier(nn.Linear(WIDTH, CLASSES), "conv")
        found.model.act = nn.ReLU(inplace=in_place)
        found.model.double()
        images = images_of(found)
        assert float(found.route.forward(images)[0].min()) < 0
        maps.append(explain(found, images, [[0, 1], [2, 3]], method=method).evidence)
    torch.testing.assert_close(maps[0], maps[1], rtol=1e-9, atol=1e-12)


def test_a_norm_before_an_activation_in_place_is_caught() -> None:
    found = build("resnet10t", layer="layer4.0.bn2")
    found.model.double()
    images = images_of(found)
    caught: list[torch.Tensor] = []
    hook = found.layer.register_forward_hook(lambda _module, _inputs, output: caught.append(output.clone()))
    activation, _ = found.route.forward(images)
    hook.remove()
    assert float(activation.min()) < 0
    torch.testing.assert_close(activation, caught[-1], rtol=0, atol=0)
