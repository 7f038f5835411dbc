"""How good a classifier is: accuracy with intervals, rare species, calibration, confusions, and labels in doubt."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from scipy.stats import binomtest

from finercam_core.catalog import Catalog
from finercam_core.catalog.columns import SPLITS
from finercam_core.train.data import TrainingData


@dataclass(frozen=True)
class Accuracy:
    """Share of right answers.

    Attributes
    ----------
    top1 : float
        Over all images; `low` and `high` are its 95 % Wilson interval.
    macro : float
        Mean over classes.
    n : int
        Images.
    """

    top1: float
    low: float
    high: float
    macro: float
    n: int

    def __str__(self) -> str:
        return f"{self.top1:.1%} [{self.low:.1%}, {self.high:.1%}], by class {self.macro:.1%}, n = {self.n}"


def accuracy(predicted: npt.NDArray[np.int64], labels: npt.NDArray[np.int64]) -> Accuracy:
    """Accuracy of predictions (N,) for labels (N,); NaN where there are none."""
    n = len(labels)
    if n == 0:
        return Accuracy(np.nan, np.nan, np.nan, np.nan, 0)
    right = predicted == labels
    interval = binomtest(int(right.sum()), n).proportion_ci(method="wilson")
    macro = float(np.mean([right[labels == label].mean() for label in np.unique(labels)]))
    return Accuracy(float(right.mean()), float(interval.low), float(interval.high), macro, n)


@dataclass(frozen=True)
class Quality:
    """Figures of a classifier on images that it was not trained on.

    Attributes
    ----------
    split : str
        Where it was measured.
    by_frequency : dict of str to str
        Accuracy in words of head, medium and tail species, see `by_frequency`.
    ece, ece_scaled : float
        Expected calibration error, of the scores as they are and divided by the temperature.
    temperature : float
    temperature_split : str
        Where the temperature was chosen.
    confusions : dict of str to int
        See `confusions`.
    """

    split: str
    by_frequency: dict[str, str]
    ece: float
    ece_scaled: float
    temperature: float
    temperature_split: str
    confusions: dict[str, int]


@dataclass(frozen=True)
class DoubtfulLabel:
    """An image whose label the classifier contradicts, with the probability of the species that it predicts."""

    image_id: str
    label: str
    predicted: str
    probability: float


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
) -> list[DoubtfulLabel]:
    """Images that the classifier is sure to be of another species: labels worth a look, the surest first."""
    chances = softmax(np.asarray(scores, np.float64), axis=1)
    sure, predicted = chances.max(1), chances.argmax(1)
    order = np.argsort(-sure, kind="stable")
    return [
        DoubtfulLabel(image_ids[i], species[labels[i]], species[predicted[i]], round(float(sure[i]), 4))
        for i in order
        if predicted[i] != labels[i] and sure[i] >= least
    ]


def accuracies(data: TrainingData, scores: Scores) -> dict[str, Accuracy]:
    """Accuracy on each split."""
    guess = scores.argmax(1)
    return {name: accuracy(guess[data.split == name], data.labels[data.split == name]) for name in SPLITS}


def held_out_quality(data: TrainingData, scores: Scores, catalog: Catalog, counts: Labels) -> Quality | None:
    """Quality on "test", or on "val" where there is none; None where nothing was held out.

    Parameters
    ----------
    data : TrainingData
    scores : float32 array (N, K)
    catalog : Catalog
    counts : int64 array (K,)
        Training images of each species.
    """
    held = [name for name in ("test", "val") if (data.split == name).any()]
    if not held:
        return None
    chosen, tuning = data.split == held[0], data.split == held[-1]
    labels, guess = data.labels[chosen], scores[chosen].argmax(1)
    scale = temperature(scores[tuning], data.labels[tuning])
    return Quality(
        split=held[0],
        by_frequency={name: str(value) for name, value in by_frequency(guess, labels, counts).items()},
        ece=expected_calibration_error(scores[chosen], labels),
        ece_scaled=expected_calibration_error(scores[chosen] / scale, labels),
        temperature=scale,
        temperature_split=held[-1],
        confusions=confusions(guess, labels, _ranks(catalog, data.species)),
    )


def confused_species(data: TrainingData, scores: Scores, split: str) -> Counter[tuple[str, str]]:
    """Number of images of a split whose species was taken for another, by (species, predicted species)."""
    guess = scores.argmax(1)
    wrong = (data.split == split) & (guess != data.labels)
    pairs = zip(data.labels[wrong], guess[wrong], strict=True)
    return Counter((data.species[label], data.species[other]) for label, other in pairs)


def doubts(data: TrainingData, scores: Scores) -> list[DoubtfulLabel]:
    """Labels that the classifier contradicts with certainty, in all splits."""
    return doubtful_labels(scores, data.labels, data.image_ids, data.species)


def _ranks(catalog: Catalog, species: tuple[str, ...]) -> pd.DataFrame:
    rows = catalog.specimens.drop_duplicates("scientificName").set_index("scientificName").loc[list(species)]
    genus = rows["genus"].where(rows["genus"] != "", [name.split()[0] for name in species])
    whole = [" ".join(name.split()[:2]) for name in species]
    return pd.DataFrame({"binomial": whole, "genus": genus.to_numpy(str), "family": rows["family"].to_numpy(str)})
