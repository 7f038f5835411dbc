"""The probe: scikit-learn's optimum, features computed once, and rare species kept."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from finercam_core.errors import TrainingError
from finercam_core.train.data import TrainingData
from finercam_core.train.probe import head
from finercam_core.train.probe.features import cached_features
from finercam_core.train.probe.head import Head, fit_head, probe
from finercam_core.train.settings import ProbeSettings


def blobs(counts: list[int], width: int = 6, apart: float = 1.5, seed: int = 0) -> tuple[np.ndarray, TrainingData]:
    """Overlapping clouds of features, counts[k] for training and 40 of each for testing."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(len(counts), width)) * apart
    labels = np.concatenate([np.repeat(np.arange(len(counts)), counts), np.repeat(np.arange(len(counts)), 40)])
    split = np.array(["train"] * sum(counts) + ["test"] * 40 * len(counts))
    features = (centres[labels] + rng.normal(size=(len(labels), width))).astype(np.float32)
    names = tuple(str(i) for i in range(len(labels)))
    empty = np.zeros((len(labels), 1, 1, 3), np.uint8)
    species = tuple(f"Aus s{k}" for k in range(len(counts)))
    return features, TrainingData(empty, labels, split, species, names, names, {}, {}, ())


@pytest.mark.parametrize("classes", [2, 5])
def test_the_head_is_scikit_learns(classes: int) -> None:
    clouds, data = blobs([30] * classes)
    features, labels = torch.from_numpy(clouds).double(), torch.from_numpy(data.labels)
    # From zeros in double precision, so that the criterion to stop, and no rounding, decides how near the optimum is.
    zeros = Head(features.new_zeros(classes, features.shape[1]), features.new_zeros(classes))
    found = fit_head(features, labels, classes, 0.3, ProbeSettings(), zeros)
    theirs = LogisticRegression(C=0.3, tol=1e-8, max_iter=1000).fit(features, data.labels)
    ours = torch.softmax(found.scores(features), 1).numpy()
    if classes > 2:  # for two classes scikit-learn penalises one row of differences, another optimum
        np.testing.assert_allclose(ours, theirs.predict_proba(features), atol=2e-3)
    assert (ours.argmax(1) == theirs.predict(features)).mean() > 0.99


def test_the_scaling_is_folded_into_the_head() -> None:
    features, data = blobs([30, 30, 30])
    stretch = np.array([1, 10, 100, 1000, 0.1, 0.01], np.float32)
    plain, _ = probe(features, data, ProbeSettings(strengths=(1.0,)))
    stretched, _ = probe(features * stretch + 5, data, ProbeSettings(strengths=(1.0,)))
    ours, theirs = (h.scores(torch.from_numpy(f)) for h, f in ((plain, features), (stretched, features * stretch + 5)))
    torch.testing.assert_close(ours.softmax(1), theirs.softmax(1), atol=5e-3, rtol=0)


def test_logit_adjustment_keeps_a_species_of_three_beside_one_of_five_thousand() -> None:
    features, data = blobs([5000, 3], apart=0.7)
    test = torch.from_numpy(features[data.split == "test"])
    recall = {}
    for adjustment in (0.0, 1.0):
        head, _ = probe(features, data, ProbeSettings(strengths=(0.01,), adjustment=adjustment))
        recall[adjustment] = float((head.scores(test).argmax(1)[40:] == 1).float().mean())
    assert recall[0.0] < 0.2
    assert recall[1.0] > 0.5


def test_a_second_head_needs_no_forward_pass_and_a_stopped_run_goes_on(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (20, 4, 4, 3), np.uint8)
    passes: list[int] = []

    def forward(some: np.ndarray) -> np.ndarray:
        if len(passes) == 2:
            raise KeyboardInterrupt
        passes.append(len(some))
        return some.reshape(len(some), -1).astype(np.float32)

    with pytest.raises(KeyboardInterrupt):
        cached_features(tmp_path / "f.zarr", "key", pixels, forward, 8)
    passes.clear()
    found = cached_features(tmp_path / "f.zarr", "key", pixels, forward, 8)
    assert passes == [4]
    np.testing.assert_array_equal(found, pixels.reshape(20, -1))
    passes.clear()
    again = cached_features(tmp_path / "f.zarr", "key", pixels[::-1].copy(), forward, 8)
    assert passes == []
    np.testing.assert_array_equal(again, found[::-1])
    cached_features(tmp_path / "f.zarr", "another backbone", pixels, forward, 16)
    assert passes == [16, 4]


def test_features_that_are_not_finite_are_refused() -> None:
    features, data = blobs([5, 5])
    features[3, 2] = np.nan
    with pytest.raises(TrainingError, match="not finite"):
        probe(features, data, ProbeSettings())


@pytest.mark.parametrize("beta", [0.0, 0.9])
def test_minibatches_give_the_head_of_the_whole(monkeypatch: pytest.MonkeyPatch, beta: float) -> None:
    """90 images of 3 classes, 7 at a time. The optimum is one; L-BFGS stops at a gradient of 1e-5, and the penalty
    curves by 1 / 90, so that two results are within 1e-3 of it."""
    rng = np.random.default_rng(0)
    labels = torch.from_numpy(rng.permutation(np.repeat(np.arange(3), 30)))
    features = torch.from_numpy(rng.normal(size=(90, 5)).astype(np.float32))
    features[torch.arange(90), labels] += 1
    settings = ProbeSettings(beta=beta)
    whole = fit_head(features, labels, 3, 1.0, settings)
    monkeypatch.setattr(head, "CELLS", 21)
    parts = fit_head(features, labels, 3, 1.0, settings)
    assert head._parts(90, 3) == 13
    torch.testing.assert_close(parts.weight, whole.weight, atol=2e-3, rtol=0)
    one, two = (head._quality(fitted, features, labels) for fitted in (whole, parts))
    assert one == pytest.approx(two, abs=1e-2)
