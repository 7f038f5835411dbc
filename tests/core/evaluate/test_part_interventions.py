"""Part interventions: a part that is not drawn is gone and nothing else is, and the scores say what they should."""

import numpy as np
import pytest

from finercam_core.evaluate.with_truth.part_interventions import (
    completeness,
    important_parts,
    is_independent,
    part_importance,
    single_deletion,
    target_sensitivity,
)
from finercam_core.images.preparation import Preparation
from finercam_core.synthetic.parts import BodyPart
from finercam_core.synthetic.specimen import REMOVABLE, render_specimen

FIN, SPOT, BARBEL = BodyPart.ANAL_FIN, BodyPart.CAUDAL_SPOT, BodyPart.BARBEL


@pytest.mark.parametrize(
    ("species", "part"),
    [("Limobarbus barbatus", BARBEL), ("Lumichthys caudimacula", SPOT), ("Petracanthus simplex", BodyPart.DORSAL_FIN)],
)
def test_without_a_part_the_rest_of_the_picture_stays(species: str, part: BodyPart) -> None:
    whole, rest = (render_specimen(species, 1, 0, without=without) for without in ((), [part]))
    assert (whole.parts == part).any()
    assert not (rest.parts == part).any()
    changed = (whole.image != rest.image).any(-1)
    ys, xs = np.nonzero(whole.parts == part)
    near = np.zeros_like(changed)
    near[max(0, ys.min() - 6) : ys.max() + 7, max(0, xs.min() - 6) : xs.max() + 7] = True
    assert changed[whole.parts == part].mean() > 0.5
    assert not changed[~near].any()


def test_importance_is_the_sum_of_the_map_over_the_part() -> None:
    parts = render_specimen("Lumichthys caudimacula", 1, 0).parts
    preparation = Preparation(96, 128, mode="squash")
    even = part_importance(np.ones((12, 16)), parts, preparation, REMOVABLE)
    assert set(even) == {part for part in REMOVABLE if (parts == part).any()}
    for part, value in even.items():
        assert value == pytest.approx((parts == part).sum(), rel=1e-4)


def test_single_deletion_ranks_parts() -> None:
    drops = {FIN: 0.1, SPOT: 5.0, BARBEL: -1.0}
    assert single_deletion({FIN: 2.0, SPOT: 9.0, BARBEL: 1.0}, drops) == 1.0
    assert single_deletion({FIN: 2.0, SPOT: 1.0, BARBEL: 9.0}, drops) == 0.0
    assert np.isnan(single_deletion({FIN: 1.0, SPOT: 1.0, BARBEL: 1.0}, drops))


def test_important_parts_are_right_enough_and_needed() -> None:
    """The margin needs the spot alone: a map that shows it passes all three, one that shows the fin none."""

    def margin(without: frozenset[BodyPart]) -> float:
        return -1.0 if SPOT in without else 1.0

    assert important_parts({FIN: 1.0, SPOT: 3.0, BARBEL: -9.0}, 0.5) == {SPOT}
    good = completeness({FIN: 1.0, SPOT: 3.0}, {SPOT}, margin, 0.5)
    assert (good.synthetic, good.preservation, good.deletion, good.mean) == (1.0, 1.0, 1.0, 1.0)
    bad = completeness({FIN: 3.0, SPOT: 1.0}, {SPOT}, margin, 0.5)
    assert (bad.synthetic, bad.preservation, bad.deletion) == (0.0, 0.0, 0.0)
    assert (good.undistracted, bad.undistracted) == (1.0, 0.0), "the fin has no effect"


def test_a_map_that_calls_everything_important_is_distracted() -> None:
    """The margin needs the spot, and the barbel a little; the fin has no effect."""

    def margin(without: frozenset[BodyPart]) -> float:
        return 10.0 - 20.0 * (SPOT in without) - 1.0 * (BARBEL in without)

    everything = completeness({FIN: 1.0, SPOT: 1.0, BARBEL: 1.0}, {SPOT}, margin, 0.01)
    assert (everything.synthetic, everything.preservation, everything.deletion) == (1.0, 1.0, 1.0)
    assert (everything.undistracted, everything.mean) == (0.0, 0.5)
    assert np.isnan(completeness({SPOT: 1.0}, {SPOT}, margin, 0.01).undistracted)
    assert completeness({SPOT: 1.0}, {SPOT}, margin, 0.01).mean == 1.0


def test_a_map_that_follows_its_reference_is_sensitive_to_it() -> None:
    against_spotless = {SPOT: 5.0, FIN: 1.0, BARBEL: -2.0}
    against_short_fins = {SPOT: 1.0, FIN: 5.0, BARBEL: -2.0}
    assert target_sensitivity(against_spotless, against_short_fins, {SPOT}, {FIN}) == 1.0
    assert target_sensitivity(against_short_fins, against_spotless, {SPOT}, {FIN}) == 0.0
    assert target_sensitivity(against_spotless, against_spotless, {SPOT}, {FIN}) == 0.0, "blind to the reference"
    assert target_sensitivity(against_spotless, against_short_fins, {SPOT}, set()) == 1.0
    assert np.isnan(target_sensitivity(against_spotless, against_short_fins, {BodyPart.EYE}, set()))


def test_a_classifier_is_independent_of_what_it_hardly_loses() -> None:
    assert is_independent(10.0, 9.6)
    assert is_independent(10.0, 12.0)
    assert not is_independent(10.0, 9.4)
