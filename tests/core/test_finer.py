"""The formulas: identities that hold for every evidence, a case by hand, and each weighting against autograd."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tolerances import rounding

from finercam_core.errors import ComparisonError
from finercam_core.finer import coefficients, combine, finer_cam
from finercam_core.strengths import WEIGHTINGS

torch = pytest.importorskip("torch")

finite = st.floats(-20, 20, width=32)
scores = arrays(np.float32, 5, elements=finite)
maps = arrays(np.float32, (5, 3, 4), elements=st.floats(-8, 8, width=32))


def log_sum_exp(logits: np.ndarray) -> np.ndarray:
    return np.logaddexp.reduce(np.asarray(logits, np.float64), axis=-1)


def dataset(evidence: np.ndarray, logits: np.ndarray) -> xr.Dataset:
    n, classes = logits.shape
    return xr.Dataset(
        {
            "evidence": (("specimen", "class", "y", "x"), evidence),
            "logit": (("specimen", "class"), logits),
            "log_sum_exp": (("specimen",), log_sum_exp(logits)),
        },
        coords={"specimen": [f"s{i}" for i in range(n)], "class": [f"A. species{i}" for i in range(classes)]},
    )


def test_two_pixels_by_hand() -> None:
    """E_c = (2, -1), E_d1 = (1, 1), E_d2 = (3, -3); mean, γ = 0.5: 2 - 0.5·2 = 1 and -1 - 0.5·(-1) = -0.5."""
    evidence = np.array([[[2.0, -1.0]], [[1.0, 1.0]], [[3.0, -3.0]]])
    weights = coefficients([1.0, 0.0, 0.0], 1.5, gamma=0.5)
    assert weights.tolist() == [1.0, -0.25, -0.25]
    np.testing.assert_allclose(combine(evidence, weights, relu=False), [[1.0, -0.5]])
    np.testing.assert_allclose(combine(evidence, weights), [[1.0, 0.0]])


@given(scores, maps, st.sampled_from(["mean", "softmax"]))
def test_gamma_zero_is_the_base_map(logits: np.ndarray, evidence: np.ndarray, weighting: str) -> None:
    weights = coefficients(logits, log_sum_exp(logits), gamma=0, weighting=weighting)
    np.testing.assert_array_equal(combine(evidence, weights), np.maximum(evidence[0], 0))


@given(scores, maps, st.sampled_from(WEIGHTINGS), st.floats(-3, 3), st.permutations(range(1, 5)))
def test_order_of_references_does_not_matter(
    logits: np.ndarray, evidence: np.ndarray, weighting: str, gamma: float, order: list[int]
) -> None:
    total, new = log_sum_exp(logits), [0, *order]
    one = combine(evidence, coefficients(logits, total, gamma=gamma, weighting=weighting), relu=False)
    two = combine(evidence[new], coefficients(logits[new], total, gamma=gamma, weighting=weighting), relu=False)
    size = np.abs(evidence).max() * np.abs(coefficients(logits, total, gamma=gamma, weighting=weighting)).sum()
    np.testing.assert_allclose(one, two, rtol=0, atol=rounding(2 * (5 + 2), size, np.float32))


@given(scores, maps, maps)
def test_linear_in_the_evidence(logits: np.ndarray, one: np.ndarray, two: np.ndarray) -> None:
    weights = coefficients(logits, log_sum_exp(logits))
    both = combine(one + two, weights, relu=False)
    apart = combine(one, weights, relu=False) + combine(two, weights, relu=False)
    size = (np.abs(one).max() + np.abs(two).max()) * np.abs(weights).sum()
    np.testing.assert_allclose(both, apart, rtol=0, atol=rounding(2 * (5 + 2) + 2, size, np.float32))


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@settings(max_examples=40)
@given(logits=arrays(np.float64, 6, elements=st.floats(-6, 6)), gamma=st.floats(-2, 2))
def test_coefficients_are_the_gradient_of_the_objective(weighting: str, logits: np.ndarray, gamma: float) -> None:
    """`coefficients` is ∂J/∂y by autograd through each weighting's objective, over all classes of the classifier."""
    y = torch.tensor(logits, requires_grad=True)
    references = y[1:]
    if weighting == "mean":
        objective = y[0] - gamma * references.mean()
    elif weighting == "softmax":
        objective = y[0] - gamma * (references.softmax(0).detach() * references).sum()
    else:
        p = y.softmax(0)[1:]
        objective = (p * (y[0] - gamma * references)).sum() / (p.sum() + 1e-9)
    (expected,) = torch.autograd.grad(objective, y)
    found = coefficients(logits, log_sum_exp(logits), gamma=gamma, weighting=weighting)
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-9)


def test_released_inverts_at_large_margins_and_ours_never() -> None:
    """The published code's ε turns the target's coefficient negative from about 18 logits on; ours stay at 1."""
    for margin in (18.0, 20.0, 25.0, 40.0, 100.0):
        logits = np.array([margin, 0.0, -0.5])
        total = log_sum_exp(logits)
        assert all(coefficients(logits, total, weighting=name)[0] == 1.0 for name in ("mean", "softmax"))
    logits = np.array([24.0, 0.0, -0.5])
    assert coefficients(logits, log_sum_exp(logits), weighting="released")[0] < 0


def test_float16_storage_changes_a_map_by_less_than_a_thousandth_of_its_range() -> None:
    rng = np.random.default_rng(3)
    for scale in (0.1, 1, 30):
        evidence = rng.normal(0, scale, (50, 9, 16, 16)).astype(np.float32)
        logits = rng.normal(0, 5, (50, 9))
        weights = coefficients(logits, log_sum_exp(logits))
        exact = combine(evidence, weights, relu=False)
        stored = combine(evidence.astype(np.float16), weights, relu=False)
        assert (np.abs(exact - stored).max(axis=(1, 2)) < 1e-3 * np.ptp(exact, axis=(1, 2))).all()


def test_finer_cam_of_a_species_says_how_it_was_made() -> None:
    rng = np.random.default_rng(0)
    ds = dataset(rng.normal(size=(3, 4, 2, 5)).astype(np.float32), rng.normal(size=(3, 4)))
    found = finer_cam(ds, gamma=0.7, references=["A. species2"])
    assert found.dims == ("specimen", "y", "x")
    assert found.attrs["references"] == ["A. species2"]
    expected = np.maximum(ds.evidence.values[:, 0] - 0.7 * ds.evidence.values[:, 2], 0)
    np.testing.assert_allclose(found.values, expected, rtol=1e-5)


def test_batch_equals_singles() -> None:
    rng = np.random.default_rng(1)
    ds = dataset(rng.normal(size=(6, 4, 3, 3)).astype(np.float32), rng.normal(size=(6, 4)))
    for weighting in WEIGHTINGS:
        whole = finer_cam(ds, weighting=weighting)
        for i in range(6):
            one = finer_cam(ds.isel(specimen=[i]), weighting=weighting)
            np.testing.assert_array_equal(whole.values[i], one.values[0])


@pytest.mark.parametrize(("name", "reason"), [("A. species0", "species itself"), ("B. other", "not among")])
def test_impossible_references_are_refused(name: str, reason: str) -> None:
    ds = dataset(np.zeros((1, 3, 2, 2), np.float32), np.zeros((1, 3)))
    with pytest.raises(ComparisonError, match=reason):
        finer_cam(ds, references=[name])


def test_unknown_weighting_and_endless_gamma_are_refused() -> None:
    with pytest.raises(ComparisonError, match="use one of mean, softmax, released"):
        coefficients([0.0, 1.0], 1.3, weighting="sum")  # type: ignore[arg-type]
    with pytest.raises(ComparisonError, match="gamma is inf"):
        coefficients([0.0, 1.0], 1.3, gamma=float("inf"))


def test_references_left_out_have_no_weight() -> None:
    weights = coefficients(np.zeros((2, 4)), np.zeros(2), use=[True, False, True, False], gamma=0.6)
    np.testing.assert_allclose(weights, [[1, 0, -0.6, 0]] * 2)
    assert (coefficients(np.zeros(3), 0.0, use=[False, False, False]) == [1, 0, 0]).all()


def comparisons(evidence: np.ndarray, logits: np.ndarray, gamma: float) -> xr.Dataset:
    """What a store of a method that is not linear would hold, made here from a linear one so that both are known."""
    signed = evidence.copy()
    signed[:, 1:] = evidence[:, :1] - gamma * evidence[:, 1:]
    return dataset(signed, logits).assign_attrs(kind="comparison", gamma=gamma, method="layercam")


@pytest.mark.parametrize("weighting", ["mean", "softmax"])
def test_finished_comparisons_are_averaged_as_evidence_would_be(weighting: str) -> None:
    """Σ w_d (E_c − γ E_d) with Σ w_d = 1 is E_c − γ Σ w_d E_d, so both kinds of store agree."""
    rng = np.random.default_rng(4)
    evidence, logits = rng.normal(size=(3, 4, 2, 5)), rng.normal(size=(3, 4))
    stored = comparisons(evidence, logits, 0.8)
    for references in (None, ["A. species2", "A. species3"], ["A. species1"]):
        found = finer_cam(stored, references=references, weighting=weighting)  # type: ignore[arg-type]
        expected = finer_cam(dataset(evidence, logits), gamma=0.8, references=references, weighting=weighting)  # type: ignore[arg-type]
        np.testing.assert_allclose(found.values, expected.values, atol=1e-5)
        assert found.attrs["gamma"] == 0.8
        assert found.attrs["method"] == "layercam"
    alone = finer_cam(stored, gamma=0, weighting=weighting)  # type: ignore[arg-type]
    np.testing.assert_allclose(alone.values, np.maximum(evidence[:, 0], 0), atol=1e-6)


def test_finished_comparisons_are_not_taken_to_another_gamma() -> None:
    stored = comparisons(np.zeros((1, 3, 2, 2)), np.zeros((1, 3)), 0.6)
    with pytest.raises(ComparisonError, match=r"compared at gamma 0.6 and cannot be taken to 1: .*gradcam"):
        finer_cam(stored, gamma=1)
    with pytest.raises(ComparisonError, match="'released' needs evidence"):
        finer_cam(stored, weighting="released")
