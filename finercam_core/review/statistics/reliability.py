"""Agreement of any number of reviewers with bootstrap intervals: Krippendorff's α, Fleiss' and Cohen's κ."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
RESAMPLES = 2000
LEAST = 10
"""Specimens below which no figure is given: its interval would say more about them than about the reviewers."""
_MOST_UNDEFINED = 0.05
_BLOCK = 4_000_000  # counts held in memory at once


@dataclass(frozen=True)
class Estimate:
    """A figure with the ends of its 95 % interval, or why there is none.

    Attributes
    ----------
    value, low, high : float or None
        None where it is not measured; `low` and `high` alone where no interval can be given.
    n : int
        Specimens that it is of.
    not_measured : str
        Why there is no value, in words; "" where there is one.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    not_measured: str = ""

    def __str__(self) -> str:
        if self.value is None:
            return f"not measured ({self.not_measured})"
        ends = "" if self.low is None or self.high is None else f" [{self.low:.2f}, {self.high:.2f}]"
        return f"{self.value:.2f}{ends}"


def not_measured(n: int, why: str = "") -> Estimate:
    """No figure; by default because there are too few specimens."""
    return Estimate(None, None, None, n, why or f"{n} of the {LEAST} needed")


def alpha_of(sums: Floats) -> Floats:
    r"""Krippendorff's α for nominal values, from sums over units.

    .. math:: \alpha = 1 - \frac{D_o}{D_e},\quad D_o = \sum_u \frac{m_u^2 - \sum_c n_{uc}^2}{m_u - 1},\quad
              D_e = \frac{n^2 - \sum_c n_c^2}{n - 1}

    with :math:`n_{uc}` the reviewers who gave unit u the value c, :math:`m_u` all of them, and sums over the units that
    two or more judged (Krippendorff 2011, *Computing Krippendorff's alpha-reliability*).

    Parameters
    ----------
    sums : float64 array (samples, 1 + values)
        :math:`D_o`, then :math:`n_c`.

    Returns
    -------
    float64 array (samples,); NaN where all values are the same.
    """
    observed, each = sums[:, 0], sums[:, 1:]
    n = each.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = (n**2 - (each**2).sum(axis=1)) / (n - 1)
        return np.where(expected > 0, 1 - observed / expected, np.nan)


def alpha_terms(counts: npt.ArrayLike) -> Floats:
    """What each unit adds to the sums of `alpha_of`.

    Parameters
    ----------
    counts : int array (units, values)
        How many reviewers gave each value to each unit; units with fewer than two are left out.

    Returns
    -------
    float64 array (units with two or more, 1 + values)
    """
    each = np.asarray(counts, np.float64)
    each = each[each.sum(axis=1) >= 2]
    judged = each.sum(axis=1)
    apart = (judged**2 - (each**2).sum(axis=1)) / (judged - 1) if len(each) else judged
    return np.column_stack([apart, each])


def krippendorffs_alpha(counts: npt.ArrayLike) -> float:
    """Krippendorff's α for nominal values; parameters as in `alpha_terms`. NaN where it is undefined."""
    terms = alpha_terms(counts)
    return float(alpha_of(terms.sum(axis=0)[None])[0]) if len(terms) else float("nan")


def fleiss_of(sums: Floats) -> Floats:
    r"""Fleiss' κ, :math:`(\bar P - \bar P_e) / (1 - \bar P_e)` (Fleiss 1971), from sums over units.

    Parameters
    ----------
    sums : float64 array (samples, 2 + values)
        The number of units, the sum of their shares of equal pairs :math:`P_u`, and the sums of the values' shares.

    Returns
    -------
    float64 array (samples,); NaN where all values are the same.
    """
    units, agreed, shares = sums[:, 0], sums[:, 1], sums[:, 2:]
    with np.errstate(invalid="ignore", divide="ignore"):
        chance = ((shares / units[:, None]) ** 2).sum(axis=1)
        return np.where(chance < 1 - 1e-12, (agreed / units - chance) / (1 - chance), np.nan)


def fleiss_terms(counts: npt.ArrayLike) -> Floats:
    """What each unit adds to the sums of `fleiss_of`; every unit was judged by the same number, two or more."""
    each = np.asarray(counts, np.float64)
    judged = each.sum(axis=1)
    agreed = ((each**2).sum(axis=1) - judged) / (judged * (judged - 1))
    return np.column_stack([np.ones(len(each)), agreed, each / judged[:, None]])


def fleiss_kappa(counts: npt.ArrayLike) -> float:
    """Fleiss' κ; parameters as in `fleiss_terms`. NaN where it is undefined."""
    return float(fleiss_of(fleiss_terms(counts).sum(axis=0)[None])[0])


def cohen_of(sums: Floats) -> Floats:
    """Cohen's κ, see `finercam_core.review.agreement.cohens_kappa`, from tables of answers.

    Parameters
    ----------
    sums : float64 array (samples, values * values)
        How often the first gave the value of the row and the second that of the column.

    Returns
    -------
    float64 array (samples,); NaN where both always gave one answer.
    """
    side = round(sums.shape[1] ** 0.5)
    table = sums.reshape(-1, side, side) / sums.sum(axis=1)[:, None, None]
    observed = np.trace(table, axis1=1, axis2=2)
    chance = (table.sum(axis=2) * table.sum(axis=1)).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(chance < 1 - 1e-12, (observed - chance) / (1 - chance), np.nan)


def mean_of(sums: Floats) -> Floats:
    """Means, from sums of the values and their number, float64 (samples, 2)."""
    return np.asarray(sums[:, 0] / sums[:, 1])


def estimate(terms: npt.ArrayLike, statistic: Statistic, *, seed: int = 0, undefined: str) -> Estimate:
    """A statistic of sums over units, with a 95 % percentile bootstrap interval over the units.

    Specimens are resampled whole, with all their verdicts, as Zapf, Castell, Morawietz and Karch (2016, *BMC Medical
    Research Methodology* 16:93) do for α and κ.

    Parameters
    ----------
    terms : array (units, k)
        What each unit adds to the sums.
    statistic : callable
        From sums, float64 (samples, k), to float64 (samples,).
    seed : int
    undefined : str
        Why the statistic has no value where it is NaN.
    """
    rows = np.asarray(terms, np.float64)
    n = len(rows)
    if n < LEAST:
        return not_measured(n)
    value = float(statistic(rows.sum(axis=0)[None])[0])
    if np.isnan(value):
        return not_measured(n, undefined)
    drawn = statistic(_resampled_sums(rows, seed))
    if np.isnan(drawn).mean() > _MOST_UNDEFINED:
        return Estimate(value, None, None, n)
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Estimate(value, float(low), float(high), n)


def _resampled_sums(rows: Floats, seed: int) -> Floats:
    """Sums over bootstrap samples of the rows; equal rows, of which there are few kinds, are drawn together."""
    kinds, times = np.unique(rows, axis=0, return_counts=True)
    rng, share = np.random.default_rng(seed), times / times.sum()
    block = max(1, _BLOCK // len(kinds))
    starts = range(0, RESAMPLES, block)
    parts = [rng.multinomial(len(rows), share, size=min(block, RESAMPLES - start)) @ kinds for start in starts]
    return np.concatenate(parts)
