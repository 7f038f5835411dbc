r"""Permutation of the specimens' species: p-values that hold together over all places (family-wise).

Under the null hypothesis D(·, x) has one distribution for both species, and the classifier never saw the specimens, so
that their labels are exchangeable. Each relabelling gives the largest :math:`|t(x)|` over the places; the p-value of a
place is the share of the relabellings whose largest reaches its own (P. H. Westfall and S. S. Young, Resampling-based
multiple testing, 1993, single step max-T; the observed labelling counts as one of them, B. Phipson and G. K. Smyth,
Stat. Appl. Genet. Mol. Biol. 9, 2010).
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt

from finercam_core.diagnosis.statistics.separation import Floats, varying

WAYS = 10_000  # relabellings: all of them up to this number, else as many drawn at random with the observed one
_REACHED = 1e-9  # relative: the same sums in another order


@dataclass(frozen=True)
class PermutationTest:
    """Outcome of a test over P places.

    Attributes
    ----------
    p : float64 array (P,)
        Family-wise; 1 where nothing varies.
    smallest : float
        Smallest p that this number of specimens, and of relabellings, can give.
    ways : int
        Relabellings that were compared, the observed one among them.
    exact : bool
        Whether these are all.
    """

    p: Floats
    smallest: float
    ways: int
    exact: bool


def permutation_test(first: npt.ArrayLike, second: npt.ArrayLike, *, seed: int = 0) -> PermutationTest:
    """Test all places at once.

    Parameters
    ----------
    first, second : array (a, P), (b, P)
        One row per independent unit: several photographs of a specimen are averaged first.
    seed : int
        Of the random relabellings.
    """
    here, there = np.asarray(first, np.float64), np.asarray(second, np.float64)
    both, a = np.concatenate([here, there]), len(here)
    n, places = both.shape
    everything = np.ones(places)
    if min(a, n - a) < 2 or places == 0:
        return PermutationTest(everything, 1.0, 1, True)
    exact = comb(n, a) <= WAYS
    labels = relabellings(n, a, seed)
    smallest = (2 if exact and 2 * a == n else 1) / len(labels)
    varies = varying(both)
    if not varies.any():
        return PermutationTest(everything, smallest, len(labels), exact)
    sizes = np.abs(_statistics(labels, both[:, varies], a))
    observed, largest = sizes[0], np.sort(sizes.max(1))
    reached = len(labels) - np.searchsorted(largest, observed * (1 - _REACHED), side="left")
    everything[varies] = reached / len(labels)
    return PermutationTest(everything, smallest, len(labels), exact)


@lru_cache(maxsize=32)
def relabellings(n: int, a: int, seed: int) -> npt.NDArray[np.float64]:
    """Which of n specimens are said to be of the first species, the observed (the first a) first; (M, n) of 0 and 1."""
    if comb(n, a) <= WAYS:
        labels = np.zeros((comb(n, a), n))
        for row, chosen in zip(labels, combinations(range(n), a), strict=True):
            row[list(chosen)] = 1
        return labels
    drawn = np.random.default_rng([seed, n, a]).random((WAYS - 1, n)).argpartition(a - 1, axis=1)[:, :a]
    labels = np.zeros((WAYS, n))
    labels[0, :a] = 1
    np.put_along_axis(labels[1:], drawn, 1, axis=1)
    return labels


def _statistics(labels: Floats, values: Floats, a: int) -> Floats:
    """Welch's t of every relabelling (M, n) at every place (n, P); float64 (M, P)."""
    scaled = values - values.mean(0)
    scaled /= np.sqrt(np.mean(scaled**2, axis=0))
    b, squares = len(values) - a, scaled**2
    sums, powers = labels @ scaled, labels @ squares
    # The columns are centred, so that what the first group sums to, the second sums to with the other sign.
    means, others = sums / a, -sums / b
    spread = np.maximum(powers - a * means**2, 0) / (a * (a - 1))
    spread += np.maximum(squares.sum(0) - powers - b * others**2, 0) / (b * (b - 1))
    return np.asarray((means - others) / np.sqrt(np.maximum(spread, 1e-12)))


def sign_flip_test(differences: npt.ArrayLike, *, seed: int = 0) -> float:
    """One-sided p of paired differences (n,) being no larger than zero in the mean, by flipping their signs.

    All :math:`2^n` flips where there are at most `WAYS`, else random ones with the observed.
    """
    values = np.asarray(differences, np.float64)
    if len(values) == 0 or not np.abs(values).max() > 0:
        return 1.0
    signs = _flips(len(values), seed)
    sums = signs @ values
    return float((sums >= sums[0] - _REACHED * np.abs(values).sum()).mean())


@lru_cache(maxsize=32)
def _flips(n: int, seed: int) -> Floats:
    """Signs (M, n), the observed ones first."""
    if 2**n <= WAYS:
        bits = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
        return np.asarray(1.0 - 2.0 * bits)
    drawn = np.random.default_rng([seed, n]).integers(0, 2, (WAYS, n))
    drawn[0] = 0
    return np.asarray(1.0 - 2.0 * drawn)


def holm(p: npt.ArrayLike) -> Floats:
    """p-values that hold together, step-down (S. Holm, Scand. J. Stat. 6, 1979); float64 (k,)."""
    values = np.asarray(p, np.float64)
    order = np.argsort(values, kind="stable")
    stepped = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted
