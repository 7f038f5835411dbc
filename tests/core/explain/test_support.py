"""Models whose layers cannot be looked into are refused for their own reason; plain outputs of others are taken."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
import torch
from backbones import build
from torch import nn

from finercam_core.errors import ClassifierError, ComparisonError
from finercam_core.explain import Classifier, explain
from finercam_core.explain.model.capture import scores_of
from finercam_core.finer import LARGEST_GAMMA, coefficients
from finercam_core.images.preparation import Preparation

SPECIES = ["Aus bus", "Aus cus", "Eus fus"]


class Small(nn.Module):
    """A convolution, a mean and a head; what it returns is made of the scores by `form`."""

    def __init__(self, form: Any = None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 4, stride=4)
        self.head = nn.Linear(4, len(SPECIES))
        self.form = form

    def forward(self, images: torch.Tensor) -> Any:
        scores = self.head(self.conv(images).relu().mean(dim=(2, 3)))
        return scores if self.form is None else self.form(scores)


class Int8Head(nn.Module):
    """A head of whole numbers, as libraries of their own make them."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones((len(SPECIES), 4), dtype=torch.int8), requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.weight.T.to(x.dtype)


def grid_of(model: nn.Module, layer: str | None = "conv") -> tuple[int, int]:
    return Classifier(model, SPECIES, layer, Preparation(16, 16)).grid


def test_a_compiled_model_says_so() -> None:
    compiled: Any = torch.compile(Small().eval(), backend="eager")
    with pytest.raises(ClassifierError, match=r"the model is compiled.*: give the model before torch\.compile"):
        grid_of(compiled, None)
    within = Small().eval()
    within.conv = torch.compile(within.conv, backend="eager")
    with pytest.raises(ClassifierError, match="its part conv is compiled"):
        grid_of(within, None)


@pytest.mark.filterwarnings("ignore")
def test_a_scripted_model_says_so() -> None:
    scripted: Any = torch.jit.trace(Small().eval(), torch.zeros(1, 3, 16, 16))
    with pytest.raises(ClassifierError, match="the model is scripted, and TorchScript hides its layers"):
        grid_of(scripted, None)


def test_a_quantised_head_says_so() -> None:
    model = Small().eval()
    model.head = Int8Head()
    with pytest.raises(ClassifierError, match="its part head is quantised to whole numbers"):
        grid_of(model)


def test_a_checkpointed_model_says_so() -> None:
    found = build("vit_tiny_patch16_224")
    found.model.set_grad_checkpointing()
    with pytest.raises(ClassifierError, match=r"recomputes its layers.*: switch it off"):
        _ = found.grid


class Output(NamedTuple):
    logits: torch.Tensor
    features: torch.Tensor


@dataclass
class ImageClassifierOutput:
    """As Hugging Face's models give it."""

    loss: torch.Tensor | None
    logits: torch.Tensor


@pytest.mark.parametrize(
    "form",
    [
        lambda scores: (scores,),
        lambda scores: {"logits": scores, "features": scores * 2},
        lambda scores: {"scores": scores},
        lambda scores: Output(scores, scores * 2),
        lambda scores: ImageClassifierOutput(None, scores),
    ],
)
def test_plain_outputs_are_taken(form: Any) -> None:
    torch.manual_seed(0)
    plain = Small().eval()
    found = Small(form).eval()
    found.load_state_dict(plain.state_dict())
    images = torch.randn(2, 3, 16, 16)
    maps = [
        explain(Classifier(model, SPECIES, "conv", Preparation(16, 16)), images, [[0, 1], [2, 0]]).evidence
        for model in (plain, found)
    ]
    torch.testing.assert_close(maps[0], maps[1])


@pytest.mark.parametrize(
    "form",
    [lambda scores: (scores, scores * 2), lambda scores: {"a": scores, "b": scores}, lambda scores: scores[:, 0]],
)
def test_outputs_of_which_the_scores_are_not_told_are_refused(form: Any) -> None:
    with pytest.raises(ClassifierError, match=r"not scores \(N, K\): wrap it in a module that returns the scores"):
        grid_of(Small(form).eval())
    with pytest.raises(ClassifierError):
        scores_of(None)


def test_a_gamma_that_leaves_no_room_is_refused() -> None:
    logits = torch.zeros(1, 3).numpy()
    for gamma in (1e308, -1e31):
        with pytest.raises(ComparisonError, match="maps would overflow: give at most 1e"):
            coefficients(logits, torch.zeros(1).numpy(), gamma=gamma)
    assert abs(coefficients(logits, torch.zeros(1).numpy(), gamma=LARGEST_GAMMA)).max() < 1e31
