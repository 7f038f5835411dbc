"""Random acts at a real window lose nothing that was painted, written or decided."""

import os
from pathlib import Path

import pytest
from monkey.eyes import REVIEWER
from monkey.monkey import Monkey
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.widget import ReviewWidget

pytestmark = pytest.mark.gui
SEEDS = [int(seed) for seed in os.environ.get("FINERCAM_TEST_SEEDS", "0 1 2").split()]
"""Seeds of the long run; others are given as in `FINERCAM_TEST_SEEDS="7 8"`."""


def let_loose(widget: ReviewWidget, store: Path, seed: int, acts: int) -> None:
    widget.workbench.start.reviewer.setText(REVIEWER)
    widget.workbench.open(ReviewSession(store, REVIEWER))
    monkey = Monkey(widget, store, seed)
    try:
        for _ in range(acts):
            monkey.act()
    finally:
        if monkey.full:
            monkey.disk()
    monkey.finish()
    print(f"seed {seed}: {monkey.summary()}")


def test_sixty_random_acts(widget: ReviewWidget, small_store: Path) -> None:
    let_loose(widget, small_store, seed=5, acts=60)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", SEEDS)
def test_two_thousand_random_acts(widget: ReviewWidget, small_store: Path, seed: int) -> None:
    let_loose(widget, small_store, seed, acts=2000)
