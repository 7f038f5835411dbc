"""A linear head on a frozen backbone: features once, then a multinomial regression with its penalty chosen."""

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import nn

from finercam_core.errors import TrainingError
from finercam_core.preparation import Preparation
from finercam_core.train.data import Progress, TrainingData
from finercam_core.train.settings import ProbeSettings


def probe(
    model: nn.Module,
    head: nn.Linear,
    data: TrainingData,
    preparation: Preparation,
    settings: ProbeSettings,
    progress: Progress | None = None,
) -> float:
    """Fit a model's linear head in place; everything before it stays as it is.

    Features are standardised for the fit and the scaling is folded into the head's weights and bias, so that the
    model's own features still carry the evidence.

    Parameters
    ----------
    model : torch.nn.Module
        Ends in `head`, whose outputs are the classes of `data`.
    head : torch.nn.Linear
    data : TrainingData
        Fitted on "train"; the penalty is chosen on "val", or on a tenth of "train" where there is none.
    preparation : Preparation
    settings : ProbeSettings
    progress : callable, optional

    Returns
    -------
    float, the inverse penalty chosen.
    """
    features = extract_features(model, head, data.pixels, preparation, settings.batch_size, progress)
    if not np.isfinite(features).all():
        raise TrainingError("the backbone gives features that are not finite", "use another backbone or its weights")
    fit, check = _choosing(data, settings.seed)
    scaler = StandardScaler().fit(features[data.split == "train"])
    scaled = scaler.transform(features)
    scores = {c: _fit(scaled[fit], data.labels[fit], c).score(scaled[check], data.labels[check])
              for c in settings.strengths}  # fmt: skip
    best = max(scores, key=lambda c: (scores[c], -c))
    whole = data.split == "train"
    _fold(head, _fit(scaled[whole], data.labels[whole], best), scaler, len(data.species))
    return best


def extract_features(
    model: nn.Module,
    head: nn.Linear,
    pixels: npt.NDArray[np.uint8],
    preparation: Preparation,
    batch: int,
    progress: Progress | None = None,
) -> npt.NDArray[np.float32]:
    """What the head receives for each image: float32 (N, D)."""
    device, received = head.weight.device, []
    hook = head.register_forward_pre_hook(lambda _module, inputs: received.append(inputs[0].float().cpu().numpy()))
    model.eval()
    try:
        for i in range(0, len(pixels), batch):
            with torch.no_grad():
                model(torch.from_numpy(preparation.normalise(pixels[i : i + batch])).to(device))
            if progress is not None:
                progress(min(i + batch, len(pixels)), len(pixels), "features")
    finally:
        hook.remove()
    return np.concatenate(received)


def _choosing(data: TrainingData, seed: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which images fit and which check while the penalty is chosen."""
    train, val = data.split == "train", data.split == "val"
    if val.any():
        return train, val
    held = train & (np.random.default_rng(seed).random(len(train)) < 0.1)
    return train & ~held, held if held.any() else train


def _fit(features: npt.NDArray[Any], labels: npt.NDArray[np.int64], strength: float) -> LogisticRegression:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a bounded number of steps is a regulariser too
        return LogisticRegression(C=strength, max_iter=300).fit(features, labels)


def _fold(head: nn.Linear, found: LogisticRegression, scaler: StandardScaler, classes: int) -> None:
    weights = np.zeros((classes, head.in_features))
    bias = np.full(classes, -1e4)  # a class that was never seen is never chosen
    rows, offsets = found.coef_, found.intercept_
    if len(found.classes_) == 2:  # scikit-learn keeps one row for two classes
        rows, offsets = np.concatenate([-rows, rows]) / 2, np.concatenate([-offsets, offsets]) / 2
    weights[found.classes_], bias[found.classes_] = rows, offsets
    weights /= scaler.scale_
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(weights))
        head.bias.copy_(torch.from_numpy(bias - weights @ scaler.mean_))
