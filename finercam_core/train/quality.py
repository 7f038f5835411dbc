"""How good a classifier is beyond its accuracy: rare species, calibration, and what it mixes up."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from finercam_core.train.accuracy import Accuracy, accuracy

Scores = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]


def expected_calibration_error(scores: Scores, labels: Labels, bins: int = 15) -> float:
    """Mean distance of confidence and accuracy over equal bins of confidence, weighted by their images.

    ``sum_b n_b / N · |accuracy_b − confidence_b|``, Guo et al. 2017 (arXiv 1706.04599), equation 3.
    """
    chances = softmax(np.asarray(scores, np.float64), axis=1)
    confidence, right = chances.max(1), chances.argmax(1) == labels
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return float(sum(abs((right[place == b] - confidence[place == b]).sum()) for b in range(bins)) / len(labels))


def temperature(scores: Scores, labels: Labels) -> float:
    """Number in [0.05, 20] that scores have to be divided by for the likeliest labels (same paper, section 4.2)."""
    exact, rows = np.asarray(scores, np.float64), np.arange(len(labels))

    def loss(logarithm: float) -> float:
        return -float(log_softmax(exact / np.exp(logarithm), axis=1)[rows, labels].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded").x))


def by_frequency(predicted: Labels, labels: Labels, counts: Labels) -> dict[str, Accuracy]:
    """Accuracy for species of more than 100, of 20 to 100 and of fewer than 20 training images."""
    parts = {"head": counts > 100, "medium": (counts >= 20) & (counts <= 100), "tail": counts < 20}
    found = {name: accuracy(predicted[chosen[labels]], labels[chosen[labels]]) for name, chosen in parts.items()}
    return {name: value for name, value in found.items() if value.n}


def confusions(predicted: Labels, labels: Labels, classes: pd.DataFrame) -> dict[str, int]:
    """Wrong answers by how closely the species taken for it is related.

    Parameters
    ----------
    predicted, labels : int64 array (N,)
    classes : DataFrame (K rows)
        With `binomial`, `genus` and `family`, "" where unknown.

    Returns
    -------
    dict of "conspecific", "congener", "confamilial" and "other" to a number of images
    """
    wrong = predicted != labels
    left, right = classes.iloc[labels[wrong]], classes.iloc[predicted[wrong]]
    same = {rank: (left[rank].to_numpy(str) == right[rank].to_numpy(str)) & (left[rank].to_numpy(str) != "")
            for rank in ("binomial", "genus", "family")}  # fmt: skip
    relation = np.select(list(same.values()), ["conspecific", "congener", "confamilial"], "other")
    return {name: int((relation == name).sum()) for name in ("conspecific", "congener", "confamilial", "other")}


def doubtful_labels(
    scores: Scores, labels: Labels, image_ids: tuple[str, ...], species: tuple[str, ...], least: float = 0.9
) -> list[dict[str, Any]]:
    """Images that the classifier is sure to be of another species: labels worth a look, the surest first."""
    chances = softmax(np.asarray(scores, np.float64), axis=1)
    sure, predicted = chances.max(1), chances.argmax(1)
    order = np.argsort(-sure, kind="stable")
    return [
        {"image_id": image_ids[i], "label": species[labels[i]], "predicted": species[predicted[i]],
         "probability": round(float(sure[i]), 4)}
        for i in order if predicted[i] != labels[i] and sure[i] >= least
    ]  # fmt: skip
