"""A classifier whose arithmetic is exact: whole numbers in float32, so that no batching can change a bit."""

import os
import time

import torch
from torch import nn

from finercam_core.explain import Classifier
from finercam_core.images.preparation import Preparation


class Whole(nn.Module):
    """Whole numbers from 0 to 15 a channel; waits as long as the environment says, so that a run can be killed."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        time.sleep(float(os.environ.get("FINERCAM_TEST_SLEEP", "0")) * len(x))
        return torch.floor(x * 15.5)


def exact(species: tuple[str, ...] = ()) -> Classifier:
    """Sums of at most 4 x 4 x 3 x 8 x 3 whole numbers below 16: far below 2**24, and a mean over 32 cells."""
    names = species or tuple(os.environ["FINERCAM_TEST_SPECIES"].split("|"))
    generator = torch.Generator().manual_seed(1)
    model = nn.Sequential()
    features = nn.Sequential(Whole(), nn.Conv2d(3, 8, 4, stride=4, bias=False))
    model.add_module("features", features)
    model.add_module("pool", nn.AdaptiveAvgPool2d(1))
    model.add_module("flatten", nn.Flatten())
    model.add_module("head", nn.Linear(8, len(names), bias=False))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randint(-1, 2, parameter.shape, generator=generator).float())
    preparation = Preparation(16, 32, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    return Classifier(model.eval(), names, target_layer="features", preparation=preparation, name="exact")
