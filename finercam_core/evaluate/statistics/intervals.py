"""Means over specimens with bootstrap intervals; pairs stay together, so that differences are paired."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm
from scipy.stats import t as student_t

Floats = npt.NDArray[np.float64]
RESAMPLES, MOST_RESAMPLES = 2000, 20_000
RESOLVED = 10  # samples that a tail needs for its percentile to mean something
_BLOCK = 4_000_000  # counts held in memory at once


@dataclass(frozen=True)
class Spread:
    """Values with the ends of their intervals, each float64 (columns,)."""

    value: Floats
    low: Floats
    high: Floats


def resampled_means(values: npt.ArrayLike, *, seed: int, resamples: int | None = None, looks: int = 1) -> Floats:
    """Means of the rows of ``values`` (n, columns) over bootstrap samples of the rows; float64 (resamples, columns).

    Rows are the independent units (specimens); a row stays whole, so that columns keep their dependence.

    Parameters
    ----------
    values : array (n, columns)
    seed : int
    resamples : int, optional
        By default `RESAMPLES`, and more where many intervals are looked at together, up to `MOST_RESAMPLES`.
    looks : int
        Number of intervals that are looked at together, see `spread`.
    """
    rows = np.asarray(values, np.float64)
    n, count = len(rows), resamples or min(MOST_RESAMPLES, max(RESAMPLES, RESOLVED * 40 * looks))
    rng, weights = np.random.default_rng(seed), np.full(n, 1 / n)
    block = max(1, _BLOCK // max(n, 1))
    parts = [rng.multinomial(n, weights, size=min(block, count - start)) @ rows for start in range(0, count, block)]
    return np.asarray(np.concatenate(parts) / n)


def spread(value: npt.ArrayLike, samples: npt.ArrayLike, *, looks: int = 1, n: int | None = None) -> Spread:
    """Interval of bootstrap samples around a value.

    Parameters
    ----------
    value : array (columns,)
    samples : array (resamples, columns)
        From `resampled_means`.
    looks : int
        Number of intervals that are looked at together; the level is 1 - 0.05 / looks (Bonferroni), so that all of
        them hold at once with at least 95 %.
    n : int, optional
        Number of units, for the tails below.

    Returns
    -------
    Spread
        Percentiles of the samples. Where a corrected tail holds fewer than `RESOLVED` samples its percentile would be
        a guess; there the ends are Student's t with the samples' standard deviation (the normal without `n`).
    """
    tail, drawn = 0.025 / max(looks, 1), np.asarray(samples, np.float64)
    middle = np.asarray(value, np.float64)
    if tail * len(drawn) >= RESOLVED:
        low, high = np.nanpercentile(drawn, [100 * tail, 100 * (1 - tail)], axis=0)
        return Spread(middle, np.asarray(low), np.asarray(high))
    reach = norm.isf(tail) if n is None else student_t.isf(tail, max(n - 1, 1))
    half = reach * np.nanstd(drawn, axis=0)
    return Spread(middle, middle - half, middle + half)


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
    column = finite[:, None]
    ends = spread(column.mean(0), resampled_means(column, seed=seed, resamples=resamples))
    return Interval(float(ends.value[0]), float(ends.low[0]), float(ends.high[0]), finite.size)
