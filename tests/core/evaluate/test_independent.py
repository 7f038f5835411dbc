"""Deletion, insertion, relative drop and pointing game against a second implementation, written for this test alone.

It shares nothing with the package's and is written the other way round: one pixel and one image at a time in plain
Python, a sorted list in place of ranks, masked copies in place of masks, the curve as a sum of trapezoids.
"""

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tolerances import rounding
from torch import nn

from finercam_core.evaluate.statistics.map_figures import pointing_game
from finercam_core.evaluate.with_model.deletion_curves import Cuts, MaskedScores
from finercam_core.evaluate.with_model.masked_pixels import pixel_ranks
from finercam_core.explain import Classifier
from finercam_core.images.preparation import Preparation

HEIGHT, WIDTH, STEPS = 6, 10, 12
FRACTIONS = (0.05, 0.1, 0.2)
Score = Callable[[np.ndarray], list[float]]


def classifier() -> Classifier:
    torch.manual_seed(4)
    model = nn.Sequential()
    model.add_module("features", nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.Tanh()))
    model.add_module("pool", nn.AdaptiveAvgPool2d((2, 2)))
    model.add_module("flatten", nn.Flatten())
    model.add_module("head", nn.Linear(24, 4))
    nn.init.normal_(model.head.weight, std=2.0)  # type: ignore[union-attr,arg-type]
    return Classifier(model.double().eval(), list("abcd"), "features", Preparation(HEIGHT, WIDTH))


def one_image_at_a_time(found: Classifier) -> Score:
    """Probabilities of one picture, the softmax by hand."""

    def score(picture: np.ndarray) -> list[float]:
        with torch.no_grad():
            logits = found.model(torch.from_numpy(picture)[None])[0].tolist()
        powers = [math.exp(y) for y in logits]
        return [power / sum(powers) for power in powers]

    return score


def reference(
    picture: np.ndarray, heat: np.ndarray, score: Score, species: int, rival: int
) -> tuple[list[float], list[float], list[float]]:
    """Curves of deletion and insertion at all steps, and the drops at the fractions, of a map without ties."""
    order = sorted(((y, x) for y in range(HEIGHT) for x in range(WIDTH)), key=lambda at: -heat[at])
    falling, rising = [], []
    for step in range(STEPS + 1):
        count = round(step * len(order) / STEPS)
        less, more = picture.copy(), np.zeros_like(picture)
        for number, (y, x) in enumerate(order):
            if number < count:
                less[:, y, x] = 0
                more[:, y, x] = picture[:, y, x]
        falling.append(score(less)[species])
        rising.append(score(more)[species])
    drops = []
    for fraction in FRACTIONS:
        masked = picture.copy()
        for y, x in order[: round(fraction * len(order))]:
            masked[:, y, x] = 0
        before, after = score(picture), score(masked)
        drops.append(before[species] - after[species] - (before[rival] - after[rival]))
    return falling, rising, drops


def area(curve: list[float]) -> float:
    return sum((left + right) / 2 for left, right in itertools.pairwise(curve)) / (len(curve) - 1)


@pytest.mark.parametrize("seed", range(6))
def test_curves_and_drops_agree_with_the_second_implementation(seed: int) -> None:
    found = classifier()
    generator = torch.Generator().manual_seed(seed)
    image = torch.randn(1, 3, HEIGHT, WIDTH, generator=generator, dtype=torch.float64)
    heat = torch.rand(HEIGHT, WIDTH, generator=generator)
    falling, rising, drops = reference(image[0].numpy(), heat.numpy(), one_image_at_a_time(found), 1, 3)

    cuts, scores = Cuts(FRACTIONS, STEPS, HEIGHT * WIDTH), MaskedScores(found, "mean", batch_size=7)
    ranks = pixel_ranks(heat[None], (HEIGHT, WIDTH), generator)[0].view(HEIGHT, WIDTH)
    whole = torch.zeros(1, HEIGHT, WIDTH, dtype=torch.bool)
    ends = scores(image, torch.cat([whole, ~whole]), (1, 3))
    ours = cuts.figures(ends, scores(image, cuts.masks(ranks), (1, 3)))

    # The softmax is in float32: scores and powers are rounded, and four powers added up; a drop has four of them.
    exact = rounding(8, 1, np.float32)
    assert ours["deletion"] == pytest.approx(area(falling), rel=0, abs=exact)
    assert ours["insertion"] == pytest.approx(area(rising), rel=0, abs=exact)
    for fraction, drop in zip(FRACTIONS, drops, strict=True):
        assert ours[f"drop_{100 * fraction:g}"] == pytest.approx(drop, rel=0, abs=4 * exact)
    assert max(falling) - min(falling) > 0.02, "curves that are not flat"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_pointing_game_agrees_with_the_second_implementation(data: st.DataObject) -> None:
    heat = data.draw(st.lists(st.integers(-1, 3), min_size=12, max_size=12))
    region = data.draw(st.lists(st.booleans(), min_size=12, max_size=12))
    best = [inside for value, inside in zip(heat, region, strict=True) if value == max(heat)]
    ours = pointing_game(np.reshape(heat, (3, 4)), np.reshape(region, (3, 4)))
    if max(heat) <= 0:
        assert math.isnan(ours)
    else:
        assert ours == pytest.approx(best.count(True) / len(best))
