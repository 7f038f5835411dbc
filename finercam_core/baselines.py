r"""What a comparison is looked at above: evidence that every specimen has everywhere says nothing about a difference.

With :math:`D = E_c - γ \sum_d w_d E_d` the signed comparison of a specimen (see `finercam_core.finer`) on cells x:

===============  ===============================================================  ======  ==========================
baseline         formula                                                          linear  what it takes away
===============  ===============================================================  ======  ==========================
``none``         :math:`D(x)`                                                     yes     nothing
``mean``         :math:`D(x) - \frac1N \sum_{x'} D(x')`                           yes     the margin's even part, N of
                                                                                          which are said beside it
``look-alike``   :math:`D(x) - \frac1n \sum_{j \in d} D_j(x)`                     yes     the mean comparison of the
                                                                                          look-alike's own specimens
``both``         ``look-alike``, then ``mean``                                    yes     both
``quantile``     :math:`\max(D(x) - q_{0.9}(D), 0)`                               no      all but a tenth of the cells
``sharp``        ``look-alike``, then ``quantile``                                no      both
===============  ===============================================================  ======  ==========================

Linear baselines commute with γ and with any weights of the references: the baseline of the sum is the sum of the
baselines, so that γ stays live and exact. A map above its mean still says where the margin comes from if the mean is
said beside it: the margin is the sum of the map plus N times the mean.
"""

from typing import get_args

import numpy as np
import numpy.typing as npt

from finercam_core.errors import ComparisonError
from finercam_core.strengths import Baseline

BASELINES: tuple[Baseline, ...] = get_args(Baseline)
LINEAR: frozenset[Baseline] = frozenset({"none", "mean", "look-alike", "both"})
"""Those that commute with γ."""
LOOKED_THROUGH: frozenset[Baseline] = frozenset({"look-alike", "both", "sharp"})
"""Those that take away the look-alike's own specimens, see `finercam_core.store.backgrounds`."""
MEAN_TAKEN: frozenset[Baseline] = frozenset({"mean", "both"})
"""Those that take away the map's own mean, which is said beside it."""
INSTEAD: dict[Baseline, Baseline] = {"look-alike": "none", "both": "mean", "sharp": "quantile"}
"""What is left of a baseline where the look-alike's own specimens are not known."""
IN_WORDS: dict[Baseline, str] = {
    "none": "as it is",
    "mean": "above its own mean",
    "look-alike": "above the look-alike's specimens",
    "both": "above the look-alike's specimens and its own mean",
    "quantile": "above its own 90 % quantile",
    "sharp": "above the look-alike's specimens and the 90 % quantile of what is left",
}
"""How a sentence about a map says what it is looked at above."""
QUANTILE = 0.9
FloatArray = npt.NDArray[np.float32]


def above(comparison: npt.ArrayLike, baseline: Baseline, background: npt.ArrayLike | None = None) -> FloatArray:
    """A signed comparison above a baseline.

    Parameters
    ----------
    comparison : array (..., h, w)
        Signed maps D.
    baseline : {"none", "mean", "look-alike", "both", "quantile", "sharp"}
    background : array (h, w) or of the comparison's shape, optional
        Mean comparison of the look-alike's specimens, at the same γ: `background_of`.

    Returns
    -------
    float32 array of the comparison's shape, signed but for "quantile" and "sharp".

    Raises
    ------
    ComparisonError
        If the baseline is unknown, or needs a background that is not given or has another grid.
    """
    values = np.asarray(comparison, np.float32)
    if baseline not in BASELINES:
        raise ComparisonError(f"unknown baseline {baseline!r}", f"use one of {', '.join(BASELINES)}")
    if baseline in LOOKED_THROUGH:
        values = values - _on_grid(background, values.shape)
    if baseline in ("quantile", "sharp"):
        limit = np.quantile(values, QUANTILE, axis=(-2, -1), keepdims=True)
        return np.asarray(np.maximum(values - limit, 0), np.float32)
    if baseline in MEAN_TAKEN:
        values = values - values.mean(axis=(-2, -1), keepdims=True)
    return values.astype(np.float32)


def background_of(evidence: npt.ArrayLike, gamma: float) -> FloatArray:
    """Mean comparison of a look-alike's specimens, as if they were of the species: float32 (h, w).

    Parameters
    ----------
    evidence : array (n, 2, h, w)
        Evidence of the look-alike's n specimens for the species and for the look-alike, in this order.
    gamma : float

    Raises
    ------
    ComparisonError
        If there is no specimen.
    """
    maps = np.asarray(evidence, np.float64)
    if maps.ndim != 4 or maps.shape[1] != 2 or not len(maps):
        raise ComparisonError(f"evidence of shape {maps.shape} is none of specimens", "give (n, 2, h, w)")
    species, look_alike = maps.mean(axis=0)
    return np.asarray(species - gamma * look_alike, np.float32)


def _on_grid(background: npt.ArrayLike | None, shape: tuple[int, ...]) -> FloatArray:
    if background is None:
        raise ComparisonError("this baseline needs the look-alike's own specimens", "give their mean comparison")
    values = np.asarray(background, np.float32)
    if values.shape not in (shape, shape[-2:]):
        raise ComparisonError(f"a background of {values.shape} for maps of {shape}", "take it from the same store")
    return values
