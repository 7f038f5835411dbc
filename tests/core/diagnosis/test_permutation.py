"""Permutation, separation and sign flips against what can be counted or computed by other means."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, ttest_ind

from finercam_core.diagnosis.comparison import by_individual
from finercam_core.diagnosis.statistics.permutation import WAYS, holm, permutation_test, sign_flip_test
from finercam_core.diagnosis.statistics.separation import separation


def by_hand(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Family-wise p by counting every relabelling with scipy's own Welch t."""
    both, a = np.concatenate([first, second]), len(first)
    sizes = []
    for chosen in combinations(range(len(both)), a):
        rest = [i for i in range(len(both)) if i not in chosen]
        sizes.append(np.abs(ttest_ind(both[list(chosen)], both[rest], equal_var=False).statistic))
    largest = np.max(sizes, axis=1)
    return np.array([(largest >= own * (1 - 1e-9)).mean() for own in sizes[0]])


@pytest.mark.parametrize(("a", "b"), [(4, 4), (3, 5), (5, 2)])
def test_few_specimens_are_permuted_in_every_way(a: int, b: int) -> None:
    rng = np.random.default_rng(a)
    first, second = rng.normal(size=(a, 6)) + np.array([3, 0, 0, 1, 0, 0]), rng.normal(size=(b, 6))
    test = permutation_test(first, second)
    np.testing.assert_allclose(test.p, by_hand(first, second))
    assert test.exact
    assert test.smallest <= test.p.min()


def test_no_p_is_below_what_the_number_of_specimens_allows() -> None:
    apart = permutation_test(np.full((3, 1), 9.0) + np.arange(3)[:, None], np.arange(3.0)[:, None])
    assert apart.p[0] == apart.smallest == 2 / 20
    many = permutation_test(np.full((12, 1), 9.0) + np.arange(12)[:, None], np.arange(12.0)[:, None] / 10)
    assert many.p[0] == many.smallest == 1 / WAYS
    assert not many.exact
    assert permutation_test(np.ones((1, 3)), np.zeros((9, 3))).p.tolist() == [1, 1, 1]


def test_nothing_varies_means_nothing_found() -> None:
    assert permutation_test(np.ones((5, 2)), np.ones((5, 2))).p.tolist() == [1, 1]


def test_over_many_places_a_false_finding_is_as_rare_as_promised() -> None:
    """Family-wise: of 400 pairs that do not differ, at most 5 % report anything, within binomial error."""
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(400):
        noise = rng.standard_gamma(1.0, size=(12, 8)) * rng.gamma(2, size=8) + rng.normal(size=(12, 1))
        found += permutation_test(noise[:6], noise[6:]).p.min() < 0.05
    assert found <= binom.ppf(0.999, 400, 0.05)


def test_photographs_of_one_individual_count_once() -> None:
    values = np.array([[1.0], [3.0], [10.0]])
    assert by_individual(values, ["x", "x", "y"]).tolist() == [[2.0], [10.0]]
    doubled = by_individual(np.repeat(values, 4, axis=0), [name for name in "abc" for _ in range(4)])
    np.testing.assert_array_equal(doubled, values)


@given(st.integers(2, 9), st.integers(2, 9), st.integers(0, 1000))
def test_separation_is_welchs(a: int, b: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(a, 3)), 2 * rng.normal(size=(b, 3)) + 1
    ours, welch = separation(first, second), ttest_ind(first, second, equal_var=False)
    ends = welch.confidence_interval(0.95)
    np.testing.assert_allclose(ours.statistic, welch.statistic, rtol=1e-9)
    np.testing.assert_allclose([ours.low, ours.high], [ends.low, ends.high], rtol=1e-9)


def test_parts_add_up() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(7, 5)), rng.normal(size=(6, 5))
    whole = separation(first.sum(1, keepdims=True), second.sum(1, keepdims=True)).value[0]
    assert separation(first, second).value.sum() == pytest.approx(whole, abs=1e-12)


@pytest.mark.parametrize("draw", ["normal", "skewed", "absent in half"])
def test_intervals_hold_the_truth_as_often_as_they_say(draw: str) -> None:
    """1,000 draws of 16 + 16 specimens: 95 % intervals hold the true separation in 93 to 97 %."""
    rng = np.random.default_rng(5)
    noise = {
        "normal": lambda: rng.normal(size=(16, 1000)),
        "skewed": lambda: rng.standard_gamma(2.0, size=(16, 1000)) - 2,
        "absent in half": lambda: rng.normal(size=(16, 1000)) * 0.3 + (rng.random((16, 1000)) < 0.5) - 0.5,
    }[draw]
    found = separation(noise() + 1.5, 1.7 * noise())
    assert 0.93 <= ((found.low <= 1.5) & (found.high >= 1.5)).mean() <= 0.97


def test_sign_flips_are_counted() -> None:
    differences = np.array([1.0, 2.0, -0.5, 3.0])
    sums = [np.dot(signs, differences) for signs in product((1, -1), repeat=4)]
    assert sign_flip_test(differences) == np.mean([total >= sums[0] - 1e-12 for total in sums])
    assert sign_flip_test(np.zeros(5)) == 1
    assert sign_flip_test(np.full(30, 1.0)) == 1 / WAYS


def test_holm_steps_down() -> None:
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06])
    assert holm([]).shape == (0,)
