"""A linear head on a frozen backbone: multinomial regression on its features, the L2 penalty chosen."""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from finercam_core.errors import TrainingError
from finercam_core.io.progress import StepProgress
from finercam_core.train.data import TrainingData, class_weights, score_shift
from finercam_core.train.settings import ProbeSettings

CELLS = 1 << 26
"""Scores, or weights of all steps, that are in memory at once."""
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Head:
    """Weights (K, D) and bias (K,) of a linear head, float32."""

    weight: torch.Tensor
    bias: torch.Tensor

    def scores(self, features: torch.Tensor) -> torch.Tensor:
        """Scores (N, K) of features (N, D)."""
        return features @ self.weight.T + self.bias


def probe(
    features: Floats,
    data: TrainingData,
    settings: ProbeSettings,
    progress: StepProgress | None = None,
    *,
    check: npt.NDArray[np.bool_] | None = None,
) -> tuple[Head, float]:
    """Fit a head on features of frozen images.

    Features are standardised for the fit and the scaling is folded into the head's weights and bias, so that the
    model's own features still carry the evidence.

    Parameters
    ----------
    features : float32 array (N, D)
    data : TrainingData
        Fitted on "train"; the penalty is chosen on "val", or on a tenth of the groups of "train" where there is none.
    settings : ProbeSettings
    progress : callable, optional
    check : bool array (N,), optional
        Training images that the penalty is chosen on instead; the head is then fitted on them as well.

    Returns
    -------
    Head
        For features as they are.
    float
        The inverse penalty chosen.

    Raises
    ------
    TrainingError
        If features are not finite.
    """
    if not np.isfinite(features).all():
        raise TrainingError("the backbone gives features that are not finite", "use another backbone or its weights")
    train = data.split == "train"
    mean, spread = features[train].mean(0), features[train].std(0)
    spread[spread == 0] = 1
    scaled, labels = torch.from_numpy((features - mean) / spread), torch.from_numpy(data.labels)
    fit, checked = _fit_and_check(data) if check is None else (train & ~check, train & check)
    best, chosen = _choose(scaled, labels, fit, checked, settings, len(data.species), progress)
    if not (fit == train).all():
        best = fit_head(scaled[train], labels[train], len(data.species), chosen, settings, best)
    weight = best.weight / torch.from_numpy(spread)
    return Head(weight, best.bias - weight @ torch.from_numpy(mean)), chosen


def replace_head(head: nn.Linear, fitted: Head) -> None:
    """Write a fitted head into a model.

    Raises
    ------
    TrainingError
        If the model's head has no bias, or another shape.
    """
    if head.bias is None or head.weight.shape != fitted.weight.shape:
        raise TrainingError("the model's head does not fit", "give it a linear head with a bias and num_classes scores")
    with torch.no_grad():
        head.weight.copy_(fitted.weight)
        head.bias.copy_(fitted.bias)


def _fit_and_check(data: TrainingData) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which images fit and which check while the penalty is chosen."""
    train, val = data.split == "train", data.split == "val"
    if val.any():
        return train, val
    in_tenth = np.array([hashlib.sha256(f"tenth {group}".encode()).digest()[0] < 26 for group in data.groups])
    held = train & in_tenth
    return (train & ~held, held) if held.any() and (train & ~held).any() else (train, train)


def _choose(
    scaled: torch.Tensor, labels: torch.Tensor, fit: npt.NDArray[np.bool_], check: npt.NDArray[np.bool_],
    settings: ProbeSettings, classes: int, progress: StepProgress | None,
) -> tuple[Head, float]:  # fmt: skip
    """Best head on the checking images; each penalty starts from the head of the one before, the strongest first."""
    head, best, best_quality = None, None, (-1.0, -np.inf)
    for n, strength in enumerate(sorted(settings.strengths)):
        head = fit_head(scaled[fit], labels[fit], classes, strength, settings, head)
        quality = _quality(head, scaled[check], labels[check])
        if quality > best_quality:
            best, best_quality = (head, strength), quality
        if progress is not None:
            progress(n + 1, len(settings.strengths), f"head, inverse penalty {strength:g}: {quality[0]:.1%}")
    if best is None:
        raise TrainingError("no penalty gives a finite head", "give weaker or stronger strengths")
    return best


def _quality(head: Head, features: torch.Tensor, labels: torch.Tensor) -> tuple[float, float]:
    """Share of right answers, and minus the mean cross entropy."""
    parts, right, loss = _parts(len(labels), len(head.bias)), 0, 0.0
    for rows, own in zip(features.tensor_split(parts), labels.tensor_split(parts), strict=True):
        scores = head.scores(rows)
        right += int((scores.argmax(1) == own).sum())
        loss += float(cross_entropy(scores, own, reduction="sum"))
    return right / len(labels), -loss / len(labels)


def _parts(images: int, classes: int) -> int:
    """Minibatches in which the scores of images are computed, so that they need not all be held."""
    return min(images, -(-images * classes // CELLS))


def fit_head(
    features: torch.Tensor,
    labels: torch.Tensor,
    classes: int,
    strength: float,
    settings: ProbeSettings,
    start: Head | None = None,
) -> Head:
    """Minimise ``mean(cross entropy) + |W|² / (2 · strength · N)`` by L-BFGS, the sum taken in minibatches.

    Parameters
    ----------
    features : float32 tensor (N, D)
        Standardised.
    labels : int64 tensor (N,)
    classes : int
    strength : float
        Inverse penalty, as scikit-learn's `C`.
    settings : ProbeSettings
    start : Head, optional
        Where to start instead of at zero.
    """
    weight = (start.weight.clone() if start else torch.zeros(classes, features.shape[1])).requires_grad_()
    bias = (start.bias.clone() if start else torch.zeros(classes)).requires_grad_()
    counts = torch.bincount(labels, minlength=classes).clamp(min=1)
    weights, shift = class_weights(counts, settings.beta), score_shift(counts, settings.adjustment)
    # It keeps two copies of the weights for each step of its history.
    history = max(5, min(100, CELLS // weight.numel()))
    optimiser = torch.optim.LBFGS(
        [weight, bias], max_iter=settings.max_steps, tolerance_grad=1e-5, tolerance_change=1e-7,
        history_size=history, line_search_fn="strong_wolfe",
    )  # fmt: skip
    parts = _parts(len(labels), classes)
    whole = len(labels) if weights is None else weights[labels].sum()

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        value = weight.square().sum() / (2 * strength * len(labels))
        torch.autograd.backward(value)
        for rows, own in zip(features.tensor_split(parts), labels.tensor_split(parts), strict=True):
            part = cross_entropy(torch.addmm(bias + shift, rows, weight.T), own, weights, reduction="sum") / whole
            torch.autograd.backward(part)
            value = value.detach() + part.detach()
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return Head(weight.detach(), bias.detach())
