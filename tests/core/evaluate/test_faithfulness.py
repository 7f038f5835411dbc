"""Faithfulness: figures by hand, an independent imputer, invariants, and the cost in forward passes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pytorch_grad_cam.metrics.road import NoisyLinearImputer

from finercam_core.evaluate.protocol import EvaluationError
from finercam_core.evaluate.with_model.deletion_curves import curve_area, relative_drop
from finercam_core.evaluate.with_model.masked_pixels import filled, pixel_ranks


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_relative_drop_by_hand() -> None:
    # The species loses 0.5, its rival gains 0.2: (0.8 - 0.3) - (0.1 - 0.3) = 0.7.
    assert relative_drop([0.8, 0.1], [0.3, 0.3]) == pytest.approx(0.7)
    assert relative_drop([0.8, 0.1], [0.8, 0.1]) == 0


def test_area_under_a_curve_by_hand() -> None:
    assert curve_area([1, 0]) == 0.5
    assert curve_area([1, 0, 0]) == 0.25
    assert curve_area([0.3] * 7) == pytest.approx(0.3)


def test_ranks_by_hand() -> None:
    ranks = pixel_ranks(torch.tensor([[[0.1, 0.9], [0.5, 0.3]]]), (2, 2), generator())
    assert ranks.tolist() == [[3, 0, 1, 2]]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.booleans())
def test_ranks_are_permutations_that_never_rise(seed: int, empty: bool) -> None:
    maps = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(seed)).clamp(min=0) * (not empty)
    ranks = pixel_ranks(maps, (6, 8), generator())
    assert torch.equal(ranks.sort(1).values, torch.arange(48).expand(2, -1))
    large = torch.nn.functional.interpolate(maps[:, None].double(), size=(6, 8), mode="bilinear").flatten(1)
    ordered = torch.zeros_like(large).scatter_(1, ranks, large)
    assert (ordered.diff(dim=1) <= 0).all()


def test_tied_pixels_come_in_random_order() -> None:
    ranks = pixel_ranks(torch.ones(1, 2, 2), (20, 20), generator())[0].view(20, 20)
    top = ranks < 200
    assert 60 < int(top[:10].sum()) < 140, "an empty or constant map must not be an order from top to bottom"


@pytest.mark.filterwarnings("ignore:__array_wrap__ must accept:DeprecationWarning")  # grad-cam gives NumPy a tensor
def test_road_agrees_with_an_independent_imputer() -> None:
    image = torch.randn(3, 16, 20, generator=generator())
    gone = torch.zeros(16, 20, dtype=torch.bool)
    gone[4:9, 5:12] = True
    gone[12, 3] = True
    ours = filled(image[None], gone[None], "road")[0]
    theirs = NoisyLinearImputer(noise=0.0)(image, (~gone).float())
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), atol=0.06)  # our noise has a deviation of 0.01
    assert torch.equal(ours[:, ~gone], image[:, ~gone])
    assert not torch.equal(ours[:, gone], image[:, gone])


def test_fills_at_their_ends() -> None:
    image = torch.randn(1, 3, 6, 6, generator=generator())
    nothing, everything = torch.zeros(1, 6, 6, dtype=torch.bool), torch.ones(1, 6, 6, dtype=torch.bool)
    for fill in ("mean", "road"):
        assert torch.equal(filled(image, nothing, fill), image)
        assert not filled(image, everything, fill).any()
    with pytest.raises(EvaluationError, match="unknown fill 'blur'"):
        filled(image, nothing, "blur")


def test_a_map_of_padded_images_is_laid_on_them() -> None:
    """The last column of cells reaches beyond the image: its brightest pixels are the image's last ones alone."""
    maps = torch.zeros(1, 2, 4)
    maps[0, :, 3] = 1
    ranks = pixel_ranks(maps, (32, 50), torch.Generator().manual_seed(0), (32, 64)).view(32, 50)
    brightest = (ranks < 32 * 2).nonzero()[:, 1]
    assert brightest.min() >= 48
    plain = pixel_ranks(maps, (32, 50), torch.Generator().manual_seed(0)).view(32, 50)
    assert (plain < 32 * 2).nonzero()[:, 1].min() < 48
