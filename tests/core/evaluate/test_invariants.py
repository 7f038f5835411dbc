"""What must hold of any map: a perfect one, an empty one, a constant one, and ties; for every figure."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from torch import nn

from finercam_core.evaluate.statistics.map_figures import (
    energy_share,
    intersection_over_union,
    map_overlap,
    pointing_game,
)
from finercam_core.evaluate.with_model.deletion_curves import Cuts, MaskedScores
from finercam_core.evaluate.with_model.masked_pixels import pixel_ranks
from finercam_core.explain import Classifier
from finercam_core.images.preparation import Preparation
from finercam_core.regions.threshold import region as top_region

SHAPES = array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=12)


@st.composite
def fields_and_regions(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """A signed map and a region that is neither empty nor everything."""
    shape = draw(SHAPES)
    field = draw(arrays(np.float64, shape, elements=st.floats(-5, 5, width=32)))
    region = draw(arrays(np.bool_, shape))
    region.flat[0], region.flat[-1] = True, False
    return field, region


@settings(max_examples=60, deadline=None)
@given(fields_and_regions(), st.floats(0.01, 100))
def test_energy_and_pointing(given_: tuple[np.ndarray, np.ndarray], scale: float) -> None:
    field, region = given_
    perfect, empty, constant = region.astype(float), np.zeros(region.shape), np.full(region.shape, 0.7)
    assert (energy_share(perfect, region), pointing_game(perfect, region)) == (1, 1)
    assert np.isnan([energy_share(empty, region), pointing_game(empty, region)]).all(), "it points nowhere"
    area = region.mean()
    assert (energy_share(constant, region), pointing_game(constant, region)) == (pytest.approx(area),) * 2
    for figure in (energy_share, pointing_game):
        inside, outside = float(figure(field, region)), float(figure(field, ~region))
        assert np.isnan(inside) == (not (field > 0).any())
        if not np.isnan(inside):
            assert 0 <= inside <= 1
            assert inside + outside == pytest.approx(1), "what is not in a region is beside it"
            assert figure(np.clip(field, 0, None), region) == pytest.approx(inside), "negative evidence is cut off"
    if field.max() > 1e-3:
        assert energy_share(field * scale, region) == pytest.approx(float(energy_share(field, region))), "no unit"


@settings(max_examples=60, deadline=None)
@given(fields_and_regions())
def test_overlap_and_iou(given_: tuple[np.ndarray, np.ndarray]) -> None:
    field, region = given_
    other = field[::-1].copy()
    there, back = map_overlap(field, other), map_overlap(other, field)
    assert (np.isnan(there) and np.isnan(back)) or there == pytest.approx(back)
    assert map_overlap(region.astype(float), (~region).astype(float)) == 0
    assert map_overlap(region.astype(float), 3.0 * region) == pytest.approx(1)
    assert intersection_over_union(region, region) == 1
    assert intersection_over_union(region, ~region) == 0
    assert np.isnan(map_overlap(np.zeros(region.shape), field))


def test_the_top_region_of_a_perfect_map_is_the_region_and_ties_stay_out() -> None:
    truth = np.zeros((20, 20), bool)
    truth[4:6, 3:13] = True
    ordered = np.random.default_rng(0).random((20, 20)) * 0.1 + truth
    assert intersection_over_union(top_region(ordered, top=0.05), truth) == 1
    tied = np.where(truth, 2.0, 1.0)
    assert np.array_equal(top_region(tied, top=0.1), truth), "of the pixels tied at the edge none comes in"
    assert top_region(np.ones((20, 20)), top=0.05).all(), "a constant map has no edge: its region is everything"
    assert not top_region(np.zeros((20, 20)), top=0.05).any()


class Counting(nn.Module):
    """The probability of class 0 grows with the number of bright pixels in the left half; nothing else matters."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        score = images[:, :, :, : images.shape[3] // 2].mean((1, 2, 3))
        return torch.stack([8 * score - 4, torch.zeros_like(score)], 1)


class Named(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features, self.head = Counting(), nn.Identity()
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(self.head(self.features(images)))


def figures_of(heat: torch.Tensor, seed: int) -> dict[str, float]:
    """Figures of one map of a picture that is bright everywhere."""
    size = (10, 20)
    model = Classifier(Named().eval(), ["a", "b"], "features", Preparation(*size))
    image, whole = torch.ones(1, 3, *size), torch.zeros(1, *size, dtype=torch.bool)
    cuts, scores = Cuts((0.05, 0.2), 10, 200), MaskedScores(model, "mean", 64)
    ranks = pixel_ranks(heat[None], size, torch.Generator().manual_seed(seed))[0].view(size)
    return cuts.figures(scores(image, torch.cat([whole, ~whole]), (0, 1)), scores(image, cuts.masks(ranks), (0, 1)))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_faithfulness_of_perfect_empty_and_constant_maps(seed: int) -> None:
    left = torch.zeros(10, 20)
    left[:, :10] = 1
    perfect, wrong = figures_of(left, seed), figures_of(1 - left, seed)
    empty, constant = figures_of(torch.zeros(10, 20), seed), figures_of(torch.full((10, 20), 3.0), seed)
    assert empty == constant, "a map without an order is a random order, whatever its level"
    for better in ("insertion", "drop_5", "drop_20"):
        assert perfect[better] > empty[better] > wrong[better]
    assert perfect["deletion"] < empty["deletion"] < wrong["deletion"]
    assert wrong["drop_5"] == pytest.approx(0, abs=1e-6), "masking what is not used costs nothing"
    assert figures_of(left * 7, seed) == perfect, "no unit"
