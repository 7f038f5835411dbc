r"""Finer-CAM from stored evidence: exact arithmetic on the model's grid, with numpy alone.

Evidence maps :math:`E_k` of the target class c and of reference classes d are linear in the class scores
:math:`y_k`. The Finer-CAM map (Zhang et al., CVPR 2025, arXiv 2501.11309, eq. 4) for any objective
:math:`J(y_c, y_{d_1}, …)` is then

.. math:: M = \mathrm{ReLU}\Big(\sum_k \frac{\partial J}{\partial y_k} E_k\Big)

so that a change of γ, of the references or of the weighting needs neither the model nor the image.
Throughout, class 0 of the last (or `class`) axis is the target and the others are its references.

Base methods that are not linear in the scores (Grad-CAM++, LayerCAM, Score-CAM) have no evidence of a class. Their
stores hold finished signed maps on the same axis: of the target alone, then of the target against each reference at
the run's γ, which is what the argument `compared_at` says. Such maps can be averaged, but not taken to another γ.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from finercam_core.baselines import above
from finercam_core.errors import ComparisonError
from finercam_core.strengths import GAMMA, WEIGHTINGS, Baseline, Weighting
from finercam_core.suggestions import did_you_mean

if TYPE_CHECKING:  # xarray takes a second to import
    import xarray as xr

LARGEST_GAMMA = 1e30
"""Beyond it maps would overflow in single precision."""
_EPSILON = 1e-9
FloatArray = npt.NDArray[np.floating[Any]]


def gamma_for(compared_at: float | None, wanted: float | None = None) -> float:
    """The γ to show maps at: the one wanted where the maps can be taken to it, otherwise their own.

    Parameters
    ----------
    compared_at : float or None
        None for evidence, which can be taken to any γ, `GAMMA` by default. For finished comparisons the γ that they
        were made at: they can be taken to this one and to 0, the base method's own map.
    wanted : float, optional
    """
    if compared_at is None or wanted == 0:
        return GAMMA if wanted is None else wanted
    return compared_at


def require_finite(gamma: float) -> None:
    """Raise `ComparisonError` if γ is not a finite number, or so large that single precision has no room for maps."""
    if not np.isfinite(gamma):
        raise ComparisonError(f"gamma is {gamma}", f"give a finite number, the paper uses {GAMMA}")
    if abs(gamma) > LARGEST_GAMMA:
        raise ComparisonError(
            f"gamma is {gamma:g}, and maps would overflow",
            f"give at most {LARGEST_GAMMA:g} either way, where nothing but the difference is left",
        )


def coefficients(
    logits: npt.ArrayLike,
    log_sum_exp: npt.ArrayLike,
    *,
    gamma: float | None = None,
    weighting: Weighting = "mean",
    use: Sequence[bool] | npt.NDArray[np.bool_] | None = None,
    compared_at: float | None = None,
) -> FloatArray:
    r"""Coefficient of each class's evidence in the Finer-CAM map, :math:`\partial J/\partial y_k`.

    Parameters
    ----------
    logits : array (..., C)
        Scores of the target (index 0) and of its references; any float type, computed in float64.
    log_sum_exp : array (...)
        Log-sum-exp of the scores of *all* classes of the classifier; used by `released` alone.
    gamma : float, optional
        Strength of the comparison; 0 gives the base method. Any sign and size. By default as `gamma_for`.
    weighting : {"mean", "softmax", "released"}
        With T references in use and q the softmax of their logits:

        - `mean` (the paper, eq. 4): :math:`J = y_c - \frac{γ}{T}\sum_d y_d`; coefficients 1 and :math:`-γ/T`.
        - `softmax`: :math:`J = y_c - γ\sum_d q_d y_d` with q held constant; coefficients 1 and :math:`-γ q_d`.
        - `released` (the authors' published code): :math:`J = \sum_d w_d (y_c - γ y_d)` with
          :math:`w_d = p_d / (\sum p_d + 10^{-9})`, p the softmax over all classes, *not* held constant. With
          :math:`f_d = y_c - γ y_d`, :math:`\bar f = \sum_d w_d f_d` and
          :math:`r = 10^{-9} / (\sum p_d + 10^{-9})` the coefficients are :math:`\sum_d w_d - r p_c \bar f`
          for c and :math:`-γ w_d + w_d (f_d - \bar f) - r p_d \bar f` for d. From a margin of about 18 logits
          on, the first turns negative and the map inverts: it is here only for comparison with that code. The
          term :math:`-r p_k \bar f` of classes that are neither c nor a reference is left out; it vanishes
          unless these classes and not c win.
    use : bool array (C,) , optional
        Which references take part; entry 0 is ignored. All by default.
    compared_at : float, optional
        The γ of maps that are comparisons already (see `SpecimenRecord.compared_at`); None for evidence. The
        coefficients then are those of a mean of comparisons: 0 for the target and 1/T or q_d for the references, or
        1 for the target alone at γ = 0.

    Returns
    -------
    float64 array (..., C).

    Raises
    ------
    ComparisonError
        If the weighting is unknown, gamma is not finite, or finished comparisons are asked for another γ or for
        `released`.
    """
    if gamma is None:
        gamma = gamma_for(compared_at)
    _check(gamma, weighting, compared_at)
    y = np.asarray(logits, np.float64)
    used = np.ones(y.shape[-1], bool) if use is None else np.array(use, bool)
    used[0] = False
    result = np.zeros_like(y)
    if compared_at is not None and gamma != 0 and used.any():
        result[..., used] = _shares(y[..., used], weighting)
        return result
    result[..., 0] = 1.0
    if used.any() and weighting == "released":
        return _released(y, np.asarray(log_sum_exp, np.float64), gamma, used)
    if used.any():
        result[..., used] = -gamma * _shares(y[..., used], weighting)
    return result


def _check(gamma: float, weighting: str, compared_at: float | None) -> None:
    if weighting not in WEIGHTINGS:
        raise ComparisonError(f"unknown weighting {weighting!r}", f"use one of {', '.join(WEIGHTINGS)}")
    require_finite(gamma)
    if compared_at is None:
        return
    if gamma != 0 and not np.isclose(gamma, compared_at):
        raise ComparisonError(
            f"these maps were compared at gamma {compared_at:g} and cannot be taken to {gamma:g}",
            f"use {compared_at:g} or 0, or annotate with a linear method such as gradcam, which gives every gamma",
        )
    if weighting == "released":
        raise ComparisonError(
            "the weighting 'released' needs evidence, and these maps are finished comparisons",
            "use mean or softmax, or annotate with a linear method such as gradcam",
        )


def _shares(y: FloatArray, weighting: Weighting) -> FloatArray:
    """Weights of the references that sum to one: equal, or the softmax of their logits."""
    if weighting == "mean":
        return np.full_like(y, 1 / y.shape[-1])
    exponent = np.exp(y - y.max(axis=-1, keepdims=True))
    return np.asarray(exponent / exponent.sum(axis=-1, keepdims=True))


def _released(y: FloatArray, log_sum_exp: FloatArray, gamma: float, used: npt.NDArray[np.bool_]) -> FloatArray:
    probability = np.exp(y - log_sum_exp[..., None])
    total = probability[..., used].sum(axis=-1, keepdims=True) + _EPSILON
    weight = np.where(used, probability / total, 0.0)
    difference = y[..., :1] - gamma * y
    mean = (weight * difference).sum(axis=-1, keepdims=True)
    leak = _EPSILON / total * probability * mean
    result = np.where(used, weight * (difference - mean - gamma) - leak, 0.0)
    result[..., 0] = weight.sum(axis=-1) - leak[..., 0]
    return np.asarray(result)


def combine(evidence: npt.ArrayLike, coefficient: npt.ArrayLike, *, relu: bool = True) -> npt.NDArray[np.float32]:
    """Finer-CAM maps from evidence and coefficients, ``ReLU(sum_k coefficient_k E_k)``.

    Parameters
    ----------
    evidence : array (..., C, h, w)
        Signed evidence maps, any float type.
    coefficient : array (..., C)
        From `coefficients`; taken as float32.
    relu : bool
        False keeps the sign: positive where the target has more, negative where the references have more.

    Returns
    -------
    float32 array (..., h, w), in the units of the evidence; NaN where that is.
    """
    maps = np.asarray(evidence, np.float32)
    signed: npt.NDArray[np.float32] = np.einsum("...chw,...c->...hw", maps, np.asarray(coefficient, np.float32))
    return np.maximum(signed, 0) if relu else signed


def finer_cam(
    dataset: "xr.Dataset",
    *,
    gamma: float | None = None,
    references: str | Sequence[str] | None = None,
    weighting: Weighting = "mean",
    relu: bool = True,
    background: npt.ArrayLike | None = None,
    baseline: Baseline = "none",
) -> "xr.DataArray":
    """Finer-CAM maps of all specimens of one species.

    Parameters
    ----------
    dataset : xarray.Dataset
        A species of a store: `evidence` (specimen, class, y, x), `logit` (specimen, class), `log_sum_exp`
        (specimen), with the species itself first on `class`. Its attributes `kind` ("evidence" or "comparison") and
        `gamma` say what the maps are; evidence where they are missing.
    gamma, weighting, relu
        See `coefficients` and `combine`. ``gamma=0`` is the base method. By default γ is what `gamma_for`
        says of the store's maps.
    baseline : str
        What maps are looked at above, see `finercam_core.baselines`.
    background : array (specimen, h, w) or (h, w), optional
        For the baselines that need the look-alikes' own specimens: `finercam_core.store.backgrounds`.
    references : str or sequence of str, optional
        Scientific name or names to compare with, out of the stored ones; all by default. Where each specimen has
        references of its own, nearest logits first, they are called "rank 1", "rank 2" …

    Returns
    -------
    xarray.DataArray, float32 (specimen, y, x), in units of the logit; NaN for specimens that are not done. Its
    attributes name the formula: gamma, weighting, target and references.

    Raises
    ------
    ComparisonError
        If a reference is not stored or is the species itself, or finished comparisons are asked for another γ.
    """
    import xarray as xr

    compared_at = compared_gamma(dataset.attrs)
    gamma = gamma_for(compared_at) if gamma is None else gamma
    names = [str(name) for name in dataset["class"].values]
    use = choose_references(names, references)
    scores = dataset["logit"].values, dataset["log_sum_exp"].values
    weights = coefficients(*scores, gamma=gamma, weighting=weighting, use=use, compared_at=compared_at)
    signed = above(combine(dataset["evidence"].values, weights, relu=False), baseline, background)
    maps = np.maximum(signed, 0) if relu else signed
    attributes = {"long_name": "Finer-CAM", "units": "logit", "gamma": gamma, "weighting": weighting}
    attributes |= {} if baseline == "none" else {"above": baseline}
    attributes |= {"method": str(dataset.attrs.get("method", ""))}
    attributes |= {"target": names[0], "references": [n for n, used in zip(names, use, strict=True) if used]}
    return xr.DataArray(maps, dims=("specimen", "y", "x"), coords={"specimen": dataset["specimen"]}, attrs=attributes)


def compared_gamma(attributes: Mapping[str, Any]) -> float | None:
    """The γ at which a store's maps were compared already, from its provenance or a dataset's attributes.

    None for evidence, which can be taken to any γ.
    """
    return float(attributes["gamma"]) if attributes.get("kind", "evidence") == "comparison" else None


def choose_references(names: Sequence[str], references: str | Sequence[str] | None) -> npt.NDArray[np.bool_]:
    """Mask over `names` (target first) of the reference or references asked for; all of them for None.

    Raises
    ------
    ComparisonError
        If one is not among the names, or is the target itself.
    """
    if references is None:
        return np.arange(len(names)) > 0
    wanted = [references] if isinstance(references, str) else list(references)
    wrong = [name for name in wanted if name not in names[1:]]
    if wrong:
        reason = "is the species itself" if wrong[0] == names[0] else "is not among the stored references"
        hint = did_you_mean(wrong[0], names[1:]) or f"choose from {', '.join(names[1:])}"
        raise ComparisonError(f"{wrong[0]!r} {reason}", hint)
    return np.array([i > 0 and name in wanted for i, name in enumerate(names)])
