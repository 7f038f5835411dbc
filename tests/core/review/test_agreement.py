"""Agreement of reviewers, against figures worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finercam_core.regions.rle import encode
from finercam_core.review import Comparison, Region, Verdict, agreement, cohens_kappa, region_iou

MADE = Comparison(0.6, "mean", "gradcam", ())


def test_kappa_by_hand() -> None:
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: observed 0.7, expected 0.5 * 0.6 + 0.5 * 0.4 = 0.5, kappa 0.4.
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert cohens_kappa(first, second) == pytest.approx(0.4)


@given(st.lists(st.sampled_from(["accept", "reject", "unsure"]), min_size=1, max_size=40), st.randoms())
def test_kappa_is_one_for_equals_and_never_above(answers: list[str], random: object) -> None:
    if len(set(answers)) > 1:
        assert cohens_kappa(answers, answers) == pytest.approx(1)
    shuffled = list(answers)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    kappa = cohens_kappa(answers, shuffled)
    assert math.isnan(kappa) or -1 <= kappa <= 1 + 1e-12


def test_kappa_is_undefined_without_answers_or_with_one_alone() -> None:
    assert math.isnan(cohens_kappa([], []))
    assert math.isnan(cohens_kappa(["accept"] * 3, ["accept"] * 3))


def box(*where: slice) -> Region:
    mask = np.zeros((10, 10), bool)
    mask[where] = True
    return Region(encode(mask))


def test_iou_by_hand() -> None:
    left, top = box(slice(None), slice(0, 5)), box(slice(0, 5), slice(None))
    assert region_iou([left], [top]) == pytest.approx(25 / 75)
    assert region_iou([left, top], [top]) == pytest.approx(50 / 75)
    assert region_iou([left], [left]) == 1


def test_agreement_counts_what_both_judged() -> None:
    def said(image_id: str, reviewer: str, decision: str, *regions: Region) -> tuple[tuple[str, str], Verdict]:
        return (image_id, reviewer), Verdict(image_id, "Aus bus", reviewer, decision, MADE, regions)  # type: ignore[arg-type]

    left, top = box(slice(None), slice(0, 5)), box(slice(0, 5), slice(None))
    verdicts = dict([
        said("1", "A", "accept", left), said("1", "B", "accept", top),
        said("2", "A", "reject"), said("2", "B", "reject"),
        said("3", "A", "accept", left), said("3", "B", "reject"),
        said("4", "A", "reject"), said("4", "C", "accept", top),
        said("5", "B", "accept", left),
    ])  # fmt: skip
    found = {pair.reviewers: pair for pair in agreement(verdicts)}
    assert set(found) == {("A", "B"), ("A", "C")}
    pair = found["A", "B"]
    # Observed 2/3, expected 2/3 * 1/3 + 1/3 * 2/3 = 4/9, kappa (6/9 - 4/9) / (5/9) = 0.4.
    assert (pair.specimens, pair.regions) == (3, 1)
    assert pair.kappa == pytest.approx(0.4)
    assert pair.iou == pytest.approx(1 / 3)
