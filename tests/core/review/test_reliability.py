"""α and κ against published examples, and against figures worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finercam_core.review.statistics.reliability import (
    LEAST,
    alpha_of,
    alpha_terms,
    cohen_of,
    estimate,
    fleiss_kappa,
    krippendorffs_alpha,
)


def counts(*raters: str, values: str) -> np.ndarray:
    """How many raters gave each value to each unit; a point stands for no answer."""
    return np.array([[column.count(value) for value in values] for column in zip(*raters, strict=True)])


@pytest.mark.parametrize(
    ("raters", "values", "published"),
    [
        (("0100000010", "1110010000"), "01", 0.095),
        (("aabbdcccedda", "babbbcccEddd".lower()), "abcde", 0.692),
        (("123321412...", "1233224125.3", ".3332342251.", "1233244125" + "1."), "12345", 0.743),
    ],
)
def test_krippendorffs_published_examples(raters: tuple[str, ...], values: str, published: float) -> None:
    # Krippendorff (2011), Computing Krippendorff's alpha-reliability: A (binary), B (nominal), C (answers missing).
    assert krippendorffs_alpha(counts(*raters, values=values)) == pytest.approx(published, abs=5e-4)


def test_fleiss_known_example() -> None:
    # Fourteen raters, ten subjects, five categories: the worked example of statsmodels and Wikipedia, kappa 0.210.
    table = [
        (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
        (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
    ]  # fmt: skip
    assert fleiss_kappa(table) == pytest.approx(0.210, abs=5e-4)


def test_kappas_by_hand() -> None:
    # Three specimens, three reviewers: P = (1 + 1/3 + 1) / 3 = 7/9; shares 5/9 and 4/9, so P_e = 41/81; kappa 22/40.
    assert fleiss_kappa([[3, 0], [2, 1], [0, 3]]) == pytest.approx(22 / 40)
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: observed 0.7, expected 0.5, kappa 0.4.
    assert cohen_of(np.array([[20.0, 5, 10, 15]]))[0] == pytest.approx(0.4)
    # The same as counts: D_o = 15 * 2, n = (55, 45), D_e = (100² - 55² - 45²) / 99 = 50; alpha = 1 - 30 / 50.
    alpha = krippendorffs_alpha([[2, 0]] * 20 + [[1, 1]] * 15 + [[0, 2]] * 15)
    assert alpha == pytest.approx(1 - 30 / (4950 / 99))


@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=2, max_size=40))
def test_alpha_is_what_counting_pairs_gives(table: list[tuple[int, int, int]]) -> None:
    answers = [[value for value, n in enumerate(row) for _ in range(n)] for row in table if sum(row) >= 2]
    everything = [value for unit in answers for value in unit]
    chance = [a != b for i, a in enumerate(everything) for j, b in enumerate(everything) if i != j]
    alpha = krippendorffs_alpha(table)
    if not any(chance):
        assert math.isnan(alpha)
        return
    apart = sum(
        sum(a != b for i, a in enumerate(unit) for j, b in enumerate(unit) if i != j) / (len(unit) - 1)
        for unit in answers
    )
    assert alpha == pytest.approx(1 - (apart / len(everything)) / np.mean(chance))


def test_an_interval_holds_the_value_and_says_when_there_is_none() -> None:
    table = [[2, 0]] * 40 + [[1, 1]] * 10 + [[0, 2]] * 30
    found = estimate(alpha_terms(table), alpha_of, undefined="one answer")
    assert found == estimate(alpha_terms(table), alpha_of, undefined="one answer")
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high
    assert found.n == 80
    few = estimate(alpha_terms(table[: LEAST - 1]), alpha_of, undefined="one answer")
    assert (few.value, str(few)) == (None, "not measured (9 of the 10 needed)")
    same = estimate(alpha_terms([[2, 0]] * 50), alpha_of, undefined="one answer")
    assert str(same) == "not measured (one answer)"


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    # Two who agree by chance alone have alpha 0: 95 % of the intervals hold it, 200 draws within 3 deviations.
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(200):
        both = rng.integers(0, 2, size=(80, 2))
        table = np.column_stack([2 - both.sum(axis=1), both.sum(axis=1)])
        found = estimate(alpha_terms(table), alpha_of, undefined="")
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0 <= found.high
    assert held >= 200 * 0.95 - 3 * (200 * 0.95 * 0.05) ** 0.5
