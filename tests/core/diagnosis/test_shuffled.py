"""The leak test: with all labels dealt out anew, everything from accuracy to *supported* falls to chance."""

from pathlib import Path

import pytest
from scipy.stats import binomtest
from shuffled_labels import TINY, learn, rendered_catalog, shuffled

from finercam_core.synthetic import render_collection

SPECIES = 15


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_with_shuffled_labels_everything_falls_to_chance(tmp_path: Path) -> None:
    """The same photographs, network and arithmetic: with the true labels much is right, and told apart."""
    render_collection(tmp_path / "collection", seed=3, train=10, val=2, test=10)
    catalog = rendered_catalog(tmp_path)
    found = {
        "true": learn(catalog, tmp_path / "true", "resnet10t", **TINY),
        "shuffled": learn(shuffled(catalog, 0), tmp_path / "shuffled", "resnet10t", **TINY),
    }
    for name, one in found.items():
        print(f"{name} labels: {one}")
    true, dealt = found["true"], found["shuffled"]
    assert true.test[0] > 5 * true.test[1] / SPECIES
    assert true.told_apart > len(true.answers) / 2
    assert binomtest(*dealt.test, 1 / SPECIES, "greater").pvalue > 0.001
    assert binomtest(dealt.told_apart, len(dealt.answers), 0.05, "greater").pvalue > 0.001
    assert dealt.pairs_with("supported") == 0
    assert dealt.pairs_with("suggested") <= 0.05 * len(dealt.answers)
