"""Explainers other than CAM: each points at what the objective depends on, for one class and for a difference."""

import numpy as np
import pytest
import torch
from torch import nn

from finercam_core.evaluate.protocol import EvaluationError
from finercam_core.evaluate.with_model.baselines import BASELINES, Objective, baseline_map, usable_baselines

HALF = 24  # the model's input is 48 × 48


class LeftRight(nn.Module):
    """Class 0 is the mean brightness of the left half, class 1 that of the right half, class 2 of both."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d((1, 2))
        self.relu = nn.ReLU()
        self.flatten = nn.Flatten()
        self.head = nn.Linear(6, 3, bias=False)
        with torch.no_grad():
            self.head.weight.copy_(torch.tensor([[1.0, 0] * 3, [0, 1.0] * 3, [0.5, 0.5] * 3]))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(self.head(self.flatten(self.relu(self.pool(images)))))


@pytest.fixture(scope="module")
def image() -> torch.Tensor:
    noise = torch.rand(1, 3, 12, 12, generator=torch.Generator().manual_seed(1))
    return 0.5 + nn.functional.interpolate(noise, size=(2 * HALF, 2 * HALF), mode="bilinear")


@pytest.mark.filterwarnings("ignore:Setting forward, backward hooks:UserWarning")  # captum's own words about LRP
@pytest.mark.parametrize("name", BASELINES)
def test_each_points_at_the_half_that_counts(name: str, image: torch.Tensor) -> None:
    model = LeftRight().eval()
    before = [p.clone() for p in model.parameters()]
    left = baseline_map(name, model, image, [1, 0, 0])
    assert left.shape == (2 * HALF, 2 * HALF)
    assert left[:, :HALF].mean() > 2 * left[:, HALF:].abs().mean()
    # Class 2 less class 0 / 2 is the right half: what both share cancels in every one of them but smooth_grad's sign.
    right = baseline_map(name, model, image, [-0.5, 0, 1])
    assert right[:, HALF:].mean() > 2 * right[:, :HALF].abs().mean()
    assert torch.equal(left, baseline_map(name, model, image, [1, 0, 0])), "the same seed gives the same map"
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    assert not any(module._forward_hooks or module._backward_hooks for module in model.modules())


def test_integrated_gradients_add_up_to_the_objective(image: torch.Tensor) -> None:
    model, weights = LeftRight().eval(), [1.0, -0.6, 0.2]
    found = baseline_map("integrated_gradients", model, image, weights)
    change = Objective(model, weights)(image) - Objective(model, weights)(torch.zeros_like(image))
    assert float(found.sum()) == pytest.approx(float(change.detach()), rel=1e-3)


def test_random_state_is_left_as_it_was(image: torch.Tensor) -> None:
    model = LeftRight().eval()
    torch.manual_seed(3)
    np.random.seed(3)
    expected = torch.rand(1), np.random.rand()
    torch.manual_seed(3)
    np.random.seed(3)
    baseline_map("lime", model, image, [1, 0, 0])
    assert torch.equal(torch.rand(1), expected[0])
    assert np.random.rand() == expected[1]


def test_what_cannot_explain_a_model_is_named_with_the_reason(image: torch.Tensor) -> None:
    class Odd(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * 1.0

    model = nn.Sequential(Odd(), LeftRight()).eval()
    usable, reasons = usable_baselines(["rise", "lrp"], model, image)
    assert usable == ["rise"]
    assert "lrp cannot explain this model" in reasons["lrp"]
    with pytest.raises(EvaluationError, match="unknown baseline 'shap'"):
        usable_baselines(["shap"], model, image)
