"""Means with bootstrap intervals; pairs stay together, so that a difference is judged on the same specimens."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import bootstrap


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % interval over n values."""

    mean: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def mean_interval(values: npt.ArrayLike, *, seed: int = 0, resamples: int = 5000) -> Interval:
    """Mean of the finite values with a 95 % percentile bootstrap interval.

    Parameters
    ----------
    values : array (n,)
        One value per independent unit (specimen); for a paired comparison the differences within each.
    seed : int
        Of the resampling.
    resamples : int

    Returns
    -------
    Interval; its ends are the mean itself where there is one value, and NaN where there is none.
    """
    finite = np.asarray(values, np.float64)
    finite = finite[np.isfinite(finite)]
    if finite.size == 0:
        return Interval(np.nan, np.nan, np.nan, 0)
    mean = float(finite.mean())
    if np.ptp(finite) == 0:
        return Interval(mean, mean, mean, finite.size)
    found = bootstrap(
        (finite,), np.mean, n_resamples=resamples, method="percentile", rng=np.random.default_rng(seed), batch=1000
    ).confidence_interval
    return Interval(mean, float(found.low), float(found.high), finite.size)
