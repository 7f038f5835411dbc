"""Sampling and weights of long-tailed collections."""

import pytest
import torch

from finercam_core.train.data import class_weights, draw_order, score_shift


def test_weights_by_hand() -> None:
    counts = torch.tensor([1, 2])
    found = class_weights(counts, 0.5)
    assert found is not None
    torch.testing.assert_close(found, torch.tensor([1.2, 0.8]))  # 1/1 and 1/1.5, of mean 1
    assert class_weights(counts, 0.0) is None
    nearly_inverse = class_weights(torch.tensor([1, 100]), 0.999999)
    assert nearly_inverse is not None
    assert float(nearly_inverse[0] / nearly_inverse[1]) == pytest.approx(100, rel=1e-3)


def test_the_shift_is_the_log_share() -> None:
    torch.testing.assert_close(score_shift(torch.tensor([1, 3]), 1.0).exp(), torch.tensor([0.25, 0.75]))


def test_balanced_drawing_draws_all_classes_equally() -> None:
    counts = torch.tensor([5000, 3])
    labels = torch.repeat_interleave(torch.arange(2), counts)
    generator = torch.Generator().manual_seed(0)
    drawn = labels[draw_order(labels, counts, 1.0, generator)]
    assert 0.45 < float(drawn.float().mean()) < 0.55
    once = draw_order(labels, counts, 0.0, generator)
    assert torch.equal(once.sort().values, torch.arange(len(labels)))
