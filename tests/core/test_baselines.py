"""Baselines of a comparison: each is its formula, and the linear ones commute with γ and with the references."""

import numpy as np
import pytest
from tolerances import rounding

from finercam_core.baselines import BASELINES, LINEAR, above, background_of
from finercam_core.errors import ComparisonError

RNG = np.random.default_rng(3)
OWN, OTHER = RNG.normal(size=(2, 6, 5)).astype(np.float32)
SPECIMENS = RNG.normal(size=(7, 2, 6, 5)).astype(np.float32)


@pytest.mark.parametrize("baseline", sorted(LINEAR))
@pytest.mark.parametrize("gamma", [0.0, 0.6, 1.0, -2.5])
def test_linear_baselines_commute_with_gamma(baseline: str, gamma: float) -> None:
    """From the two maps above their baselines, any γ is exact arithmetic afterwards."""
    whole = above(OWN - gamma * OTHER, baseline, background_of(SPECIMENS, gamma))  # type: ignore[arg-type]
    own = above(OWN, baseline, SPECIMENS[:, 0].mean(0))  # type: ignore[arg-type]
    other = above(OTHER, baseline, SPECIMENS[:, 1].mean(0))  # type: ignore[arg-type]
    size = float(np.abs(SPECIMENS).max() * (2 + 2 * abs(gamma)))
    np.testing.assert_allclose(whole, own - gamma * other, rtol=0, atol=rounding(40, size, np.float32))


def test_the_margin_is_the_sum_of_the_map_and_of_its_mean() -> None:
    difference = OWN - OTHER
    centred = above(difference, "mean")
    margin = centred.sum() + difference.size * difference.mean()
    np.testing.assert_allclose(margin, difference.sum(), atol=rounding(60, float(np.abs(difference).sum()), np.float32))
    np.testing.assert_allclose(centred.sum(), 0, atol=rounding(60, float(np.abs(difference).sum()), np.float32))


def test_the_look_alikes_own_specimens_are_nothing_above_themselves() -> None:
    maps = SPECIMENS[:, 0] - 0.6 * SPECIMENS[:, 1]
    left = above(maps, "look-alike", background_of(SPECIMENS, 0.6)).mean(axis=0)
    np.testing.assert_allclose(left, 0, atol=rounding(20, float(np.abs(maps).max()), np.float32))


def test_a_quantile_leaves_a_tenth() -> None:
    found = above(RNG.normal(size=(3, 10, 10)), "quantile")
    assert (found >= 0).all()
    assert ((found > 0).sum(axis=(1, 2)) == 10).all()


def test_what_is_missing_is_said() -> None:
    for baseline in ("look-alike", "both", "sharp"):
        with pytest.raises(ComparisonError, match="needs the look-alike's own specimens"):
            above(OWN, baseline)  # type: ignore[arg-type]
    with pytest.raises(ComparisonError, match=r"a background of \(2, 2\) for maps of \(6, 5\)"):
        above(OWN, "look-alike", np.zeros((2, 2)))
    with pytest.raises(ComparisonError, match=f"unknown baseline 'median': use one of {', '.join(BASELINES)}"):
        above(OWN, "median")  # type: ignore[arg-type]
    with pytest.raises(ComparisonError, match="is none of specimens"):
        background_of(np.zeros((0, 2, 3, 3)), 0.6)
