"""Tolerances that follow from the arithmetic, so that the order in which a processor adds decides no test.

A sum of n terms in any order is off by at most ``n · ε/2 · Σ|terms|`` (Higham, Accuracy and Stability of Numerical
Algorithms, 2nd edition, eq. 4.4), so that two orders differ by at most ``n · ε · Σ|terms|``. Identities of whole models
are tested in float64, where that is far below anything that a wrong formula would change.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

Values = npt.ArrayLike | torch.Tensor


def rounding(terms: int, size: float, dtype: npt.DTypeLike = np.float64) -> float:
    """Largest difference between two sums of the same `terms`, whose magnitudes add up to `size`."""
    return float(terms * np.finfo(dtype).eps * size)


def additions(model: nn.Module) -> int:
    """Additions on the way from a pixel to a score and back: the inputs of one neuron of each layer, twice."""
    return 2 * sum(parameter[0].numel() for parameter in model.parameters() if parameter.ndim > 1)


def assert_identity(model: nn.Module, ours: Values, theirs: Values, size: float | None = None) -> None:
    """Two ways through a model in double precision give the same but for the order of its additions.

    `size` is the largest magnitude on the way, where values cancel; by default the largest that comes out. Values in
    single precision, such as random maps, have nothing of the model in them and are the same bit by bit.
    """
    ours, theirs = (np.asarray(torch.as_tensor(values).detach()) for values in (ours, theirs))
    assert ours.dtype == theirs.dtype
    if ours.dtype != np.float64:
        np.testing.assert_array_equal(ours, theirs)
        return
    largest = float(np.abs(theirs).max()) if size is None else size
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=rounding(additions(model), largest))


def assert_combined(ours: Values, theirs: Values, coefficients: npt.ArrayLike, evidence: Values) -> None:
    """`combine` gives in float32 what was computed in float64: C products of rounded factors, added up.

    The coefficients (..., C) and the evidence (..., C, h, w) are those that went into it.
    """
    weights, maps = np.abs(coefficients), np.abs(np.asarray(torch.as_tensor(evidence)))
    size = float(np.einsum("...c,...chw->...hw", weights, maps).max())
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=rounding(weights.shape[-1] + 2, size, np.float32))


def assert_stored(stored: Values, exact: Values, dtype: npt.DTypeLike) -> None:
    """A store holds what was computed in float64, rounded to float32 and then to `dtype`, two roundings at most."""
    values = np.asarray(torch.as_tensor(exact).detach())
    assert values.dtype == np.float64, "identities are tested in double precision"
    np.testing.assert_allclose(stored, values, rtol=0, atol=rounding(1, float(np.abs(values).max()), dtype))
