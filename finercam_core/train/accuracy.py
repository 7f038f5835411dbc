"""How often a classifier is right, with intervals."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest


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
