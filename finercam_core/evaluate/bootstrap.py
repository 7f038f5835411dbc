"""Bootstrap of means over specimens for many columns at once."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
RESAMPLES = 2000


@dataclass(frozen=True)
class Spread:
    """Values with the ends of their intervals, each float64 (columns,)."""

    value: Floats
    low: Floats
    high: Floats


def resampled_means(values: npt.ArrayLike, *, seed: int, resamples: int = RESAMPLES) -> Floats:
    """Means of the rows of ``values`` (n, columns) over bootstrap samples of the rows; float64 (resamples, columns).

    Rows are the independent units (specimens); a row stays whole, so that columns keep their dependence.
    """
    rows = np.asarray(values, np.float64)
    n = len(rows)
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples)
    return np.asarray(counts @ rows / n)


def spread(value: npt.ArrayLike, samples: npt.ArrayLike, *, looks: int = 1) -> Spread:
    """Percentile interval of bootstrap samples (resamples, columns) around a value (columns,).

    Parameters
    ----------
    value, samples : array
    looks : int
        Number of intervals that are looked at together; the level is 1 - 0.05 / looks (Bonferroni), so that all of
        them hold at once with at least 95 %.
    """
    tail = 2.5 / max(looks, 1)
    low, high = np.nanpercentile(np.asarray(samples, np.float64), [tail, 100 - tail], axis=0)
    return Spread(np.asarray(value, np.float64), np.asarray(low), np.asarray(high))
