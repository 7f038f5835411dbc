"""Choose the cheapest correct route by trying it on a random input."""

import copy
import warnings

import torch
from torch import nn

from finercam_core.errors import ClassifierError
from finercam_core.explain.model.layers import default_target_layer
from finercam_core.explain.routes.base import Route, Weights
from finercam_core.explain.routes.cls_token import ClsToken
from finercam_core.explain.routes.pooled_heads import ClosedForm, PooledHead
from finercam_core.explain.routes.tail import Tail

_TOLERANCE = 1e-4
_SHORT_ROUTES: tuple[type[Route], ...] = (PooledHead, ClsToken)


def choose_route(model: nn.Module, layer: nn.Module, example: torch.Tensor) -> Route:
    """Take the cheapest route that gives the scores and the weights of a backward pass on a random input.

    Parameters
    ----------
    model, layer : torch.nn.Module
    example : tensor (N, 3, H, W)
        Random values, more than one image.

    Returns
    -------
    Route: a closed form where there is one, else the backward through the tail.

    Raises
    ------
    ClassifierError
        If the layer's gradients are all zero: no map of it means anything.
    """
    if example.dtype in (torch.bfloat16, torch.float16):
        return type(_chosen_in_float32(model, layer, example))(model, layer, example)
    closed = ClosedForm(model, layer, example)
    if ClosedForm.fits(closed, example) and _depends_on_mean_alone(closed, example):
        return closed
    tail = Tail(model, layer, example)
    classes = _some_classes(tail, example)
    expected = tail.weights(example, classes)
    if not expected.alpha.any():
        raise ClassifierError("the score does not depend on the target layer's cells", _advice(model, layer, example))
    for kind in _SHORT_ROUTES:
        route = _try(kind, tail, example, classes, expected)
        if route is not None:
            return route
    return tail


def _chosen_in_float32(model: nn.Module, layer: nn.Module, example: torch.Tensor) -> Route:
    """The route that a copy in float32 has: half precision has too few digits to judge by."""
    name = next(name for name, module in model.named_modules() if module is layer)
    exact = copy.deepcopy(model).float()
    return choose_route(exact, exact.get_submodule(name), example.float())


def _some_classes(route: Route, example: torch.Tensor) -> torch.Tensor:
    """The first and the last class of each image."""
    return torch.tensor([[0, route.scores - 1]], device=example.device).expand(len(example), -1)


def _advice(model: nn.Module, layer: nn.Module, example: torch.Tensor) -> str:
    name = default_target_layer(model, example)
    if model.get_submodule(name) is layer:
        return "its head gives every image the same score; train it first"
    return f"use {name}"


def _try(
    kind: type[Route], tail: Tail, example: torch.Tensor, classes: torch.Tensor, expected: Weights
) -> Route | None:
    """A route of this kind, if the model has the structure for it and it reproduces the tail's scores and weights."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            route = kind(tail.model, tail.layer, example)
            weights = route.weights(example, classes)
        except torch.OutOfMemoryError:
            raise
        except Exception:  # a model of another structure may fail in any way; the tail serves it
            return None
        same = _close(weights.logits, expected.logits) and _close(weights.alpha, expected.alpha)
        if same and (not route.uniform or _depends_on_mean_alone(route, example)):
            return route
    return None


def _depends_on_mean_alone(route: Route, example: torch.Tensor) -> bool:
    """Whether cells that differ far more, with the same mean, give the same scores.

    On the example alone a later layer may look linear, for instance a ReLU that receives only positive values.
    """
    activation, logits = route.forward(example)
    mean = activation.mean(dim=(2, 3), keepdim=True)
    return _close(route.logits_with(example, mean + 10 * (activation - mean)), logits)


def _close(values: torch.Tensor, expected: torch.Tensor) -> bool:
    """Whether values differ from the expected ones by at most `_TOLERANCE` of the largest of them."""
    if values.shape != expected.shape:
        return False
    return bool((values - expected).abs().max() <= _TOLERANCE * expected.abs().max())
