"""Everything that is said about a trained classifier, from its scores for all images."""

from typing import Any

import pandas as pd

from finercam_core.catalog import Catalog
from finercam_core.train.accuracy import Accuracy, accuracy
from finercam_core.train.data import SPLITS, TrainingData
from finercam_core.train.quality import (
    Scores,
    by_frequency,
    confusions,
    doubtful_labels,
    expected_calibration_error,
    temperature,
)


def accuracies(data: TrainingData, scores: Scores) -> dict[str, Accuracy]:
    """Accuracy on each split."""
    guess = scores.argmax(1)
    return {name: accuracy(guess[data.split == name], data.labels[data.split == name]) for name in SPLITS}


def judge(data: TrainingData, scores: Scores, catalog: Catalog) -> dict[str, Any]:
    """Quality on "test", or on "val" where there is none, as plain values; empty where nothing was held out."""
    held = [name for name in ("test", "val") if (data.split == name).any()]
    if not held:
        return {}
    chosen, tuning = data.split == held[0], data.split == held[-1]
    labels, guess = data.labels[chosen], scores[chosen].argmax(1)
    scale = temperature(scores[tuning], data.labels[tuning])
    return {
        "split": held[0],
        "by_frequency": {name: str(value) for name, value in by_frequency(guess, labels, data.counts).items()},
        "ece": expected_calibration_error(scores[chosen], labels),
        "ece_scaled": expected_calibration_error(scores[chosen] / scale, labels),
        "temperature": scale,
        "temperature_split": held[-1],
        "confusions": confusions(guess, labels, _ranks(catalog, data.species)),
    }


def doubts(data: TrainingData, scores: Scores) -> list[dict[str, Any]]:
    """Labels that the classifier contradicts with certainty, in all splits."""
    return doubtful_labels(scores, data.labels, data.image_ids, data.species)


def _ranks(catalog: Catalog, species: tuple[str, ...]) -> pd.DataFrame:
    rows = catalog.specimens.drop_duplicates("scientificName").set_index("scientificName").loc[list(species)]
    genus = rows["genus"].where(rows["genus"] != "", [name.split()[0] for name in species])
    whole = [" ".join(name.split()[:2]) for name in species]
    return pd.DataFrame({"binomial": whole, "genus": genus.to_numpy(str), "family": rows["family"].to_numpy(str)})
