r"""Where two species are separated: the mean difference of evidence between their specimens, place by place.

With :math:`D(s, x) = E_A - E_B` of specimen s at place x (a part of the specimen, or a cell of the common frame):

.. math:: S(x) = \operatorname{mean}_{s \in A} D(s, x) - \operatorname{mean}_{s \in B} D(s, x)

What the specimens of both species show alike cancels. Where the parts of a picture partition it, the S of all parts
add up to the distance of the two species' mean margins.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student_t

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Separation:
    """Mean difference of two samples at P places, with its 95 % interval; each float64 (P,).

    Attributes
    ----------
    value, low, high : array
        In the units of the samples (logits for evidence). The interval is Welch's; NaN where a sample has fewer than
        two specimens, and the value itself where nothing varies.
    statistic : array
        Welch's t; 0 where nothing varies.
    """

    value: Floats
    low: Floats
    high: Floats
    statistic: Floats


def separation(first: npt.ArrayLike, second: npt.ArrayLike) -> Separation:
    """Separation of two samples of specimens; interval and t for unequal variances (B. L. Welch, Biometrika 34, 1947).

    Parameters
    ----------
    first, second : array (a, P), (b, P)
        One row per independent unit (specimen).
    """
    here, there = np.asarray(first, np.float64), np.asarray(second, np.float64)
    value = here.mean(0) - there.mean(0)
    if min(len(here), len(there)) < 2:
        unknown = np.full_like(value, np.nan)
        return Separation(value, unknown, unknown, np.zeros_like(value))
    parts = np.stack([sample.var(0, ddof=1) / len(sample) for sample in (here, there)])
    error, varies = np.sqrt(parts.sum(0)), varying(np.concatenate([here, there]))
    sizes = np.array([[len(here) - 1], [len(there) - 1]])
    freedom = np.divide(parts.sum(0) ** 2, (parts**2 / sizes).sum(0), out=np.ones_like(value), where=parts.sum(0) > 0)
    half = np.where(varies, student_t.ppf(0.975, np.maximum(freedom, 1)) * error, 0)
    statistic = np.divide(value, error, out=np.zeros_like(value), where=varies & (error > 0))
    return Separation(value, value - half, value + half, statistic)


def varying(values: Floats) -> npt.NDArray[np.bool_]:
    """Places (P,) at which specimens (n, P) differ by more than rounding."""
    return np.asarray(np.ptp(values, axis=0) > 1e-9 * np.maximum(np.abs(values).max(0), 1e-300))
