"""Figures of the model card against cases that are known by hand."""

import numpy as np
import pandas as pd
import pytest

from finercam_core.train.data import TrainingData
from finercam_core.train.quality import (
    by_frequency,
    confused_species,
    confusions,
    doubtful_labels,
    expected_calibration_error,
    temperature,
)


def sample(scale: float, n: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Scores whose softmax, divided by `scale`, is the true chance of each label."""
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(n, 3)) * 2
    chances = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    labels = (rng.random((n, 1)) > chances.cumsum(1)).sum(1).clip(max=2)
    return (scores * scale).astype(np.float32), labels


def test_the_temperature_is_found_and_calibrates() -> None:
    scores, labels = sample(3.0)
    assert temperature(scores, labels) == pytest.approx(3.0, rel=0.05)
    assert expected_calibration_error(scores, labels) > 0.1
    assert expected_calibration_error(scores / 3, labels) < 0.015


def test_calibration_by_hand() -> None:
    scores = np.log(np.array([[0.8, 0.2], [0.8, 0.2], [0.6, 0.4]], np.float32))
    # Two answers of confidence 0.8, one right; one of 0.6, right: (|1 - 1.6| + |1 - 0.6|) / 3.
    assert expected_calibration_error(scores, np.array([0, 1, 0])) == pytest.approx(1 / 3, abs=1e-6)


def test_accuracy_by_frequency() -> None:
    found = by_frequency(np.array([0, 0, 1, 0]), np.array([0, 0, 1, 2]), np.array([101, 20, 19]))
    assert {name: value.top1 for name, value in found.items()} == {"head": 1.0, "medium": 1.0, "tail": 0.0}


def test_confusions_by_relation() -> None:
    names = [("Aus bus", "Aus", "Aidae"), ("Aus bus", "Aus", "Aidae"), ("Aus cus", "Aus", "Aidae"),
             ("Dus eus", "Dus", "Aidae"), ("Fus gus", "Fus", "")]  # fmt: skip
    classes = pd.DataFrame(names, columns=["binomial", "genus", "family"])
    found = confusions(np.array([1, 2, 3, 4, 0]), np.zeros(5, np.int64), classes)
    assert found == {"conspecific": 1, "congener": 1, "confamilial": 1, "other": 1}


def test_confused_species_are_counted_on_one_split_alone() -> None:
    split, species = np.array(["test", "test", "test", "train"]), ("Aus bus", "Aus cus")
    names, pixels = ("a", "b", "c", "d"), np.zeros((4, 1, 1, 3), np.uint8)
    data = TrainingData(pixels, np.array([0, 0, 1, 0]), split, species, names, names, {}, {}, ())
    scores = np.array([[0, 1], [0, 1], [0, 1], [0, 1]], np.float32)
    assert confused_species(data, scores, "test") == {("Aus bus", "Aus cus"): 2}


def test_contradicted_labels_are_listed_the_surest_first() -> None:
    scores = np.array([[9, 0], [0, 5], [0, 9], [0, 0.1]], np.float32)
    found = doubtful_labels(scores, np.array([0, 0, 0, 0]), ("a", "b", "c", "d"), ("Aus bus", "Aus cus"))
    assert [label.image_id for label in found] == ["c", "b"]
    assert found[0].predicted == "Aus cus"
