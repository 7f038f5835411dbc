"""Choose the cheapest route that is proven on random inputs."""

import logging
from functools import partial

import torch
from torch import nn

from finercam_core.errors import ClassifierError
from finercam_core.explain.model.layers import default_target_layer, influential_layers
from finercam_core.explain.model.location import is_located
from finercam_core.explain.routes.base import Route
from finercam_core.explain.routes.cls_token import ClsToken
from finercam_core.explain.routes.pooled_heads import ClosedForm, PooledHead
from finercam_core.explain.routes.proof import Judge, double
from finercam_core.explain.routes.tail import Tail

log = logging.getLogger(__name__)
_SHORT_ROUTES: tuple[type[Route], ...] = (ClosedForm, PooledHead, ClsToken)
# Evidence below this share of the scores' variation is not what they come from.
_LEAST_INFLUENCE = 1e-5


def choose_route(model: nn.Module, layer: nn.Module, example: torch.Tensor) -> Route:
    """Take the cheapest route that gives the scores, the gradients and the responses of a backward through the tail.

    It is proven on a copy of the model in double precision, where it can be copied and runs there, and on the model
    itself unless that is in half precision, which has too few digits to judge by.

    Parameters
    ----------
    model, layer : torch.nn.Module
    example : tensor (N, 3, H, W)
        Random values, more than one image.

    Returns
    -------
    Route: a closed form where one is proven, else the backward through the tail.

    Raises
    ------
    ClassifierError
        If the scores are not finite, or do not depend on the layer to a degree that counts: no map of it means
        anything.
    """
    judges, reason = _judges(model, layer, example)
    _require_finite(judges[0])
    _require_location(model, layer, example)
    _require_influence(judges[0], model, layer, example)
    kind = next((kind for kind in _SHORT_ROUTES if all(judge.accepts(kind) for judge in judges)), Tail)
    route = kind(model, layer, example)
    if reason and kind is not Tail:  # the tail is what the others are compared with
        route.not_in_double = reason
        log.warning("%s was proven in the model's own precision alone: %s", route.name, reason)
    return route


def _judges(model: nn.Module, layer: nn.Module, example: torch.Tensor) -> tuple[list[Judge], str]:
    """The judge in double precision, if there can be one, and that of the model itself; why there is but the second."""
    half = example.dtype in (torch.bfloat16, torch.float16)
    own = partial(Judge.of, model, layer, example)
    if example.dtype == torch.float64:
        return [own()], ""
    copied = double(model, layer, example)
    if isinstance(copied, str):
        return [own()], copied
    exact = Judge.of(*copied, example.double())
    return ([exact] if half else [exact, own()]), ""


def _require_finite(judge: Judge) -> None:
    if not judge.finite:
        raise ClassifierError(
            "the model's scores of random images are not finite numbers",
            "look for NaN or infinite values in its weights, or load them again",
        )


def _require_location(model: nn.Module, layer: nn.Module, example: torch.Tensor) -> None:
    """Refuse a layer whose values are no map of the image, or one whose cells are in another order."""
    name = next(name for name, module in model.named_modules() if module is layer)
    if is_located(model, name, example):
        return
    problem = f"the cells of the target layer {name} do not lie where the image has them, or it cannot be told"
    raise ClassifierError(problem, _advice(model, layer, example))


def _require_influence(judge: Judge, model: nn.Module, layer: nn.Module, example: torch.Tensor) -> None:
    """Refuse a layer whose maps mean nothing."""
    influence = judge.influence
    if influence > _LEAST_INFLUENCE:
        return
    share = f": its evidence is {influence:.0e} of the scores' own variation" if influence else ""
    problem = f"the score does not depend on the target layer's cells{share}"
    raise ClassifierError(problem, _advice(model, layer, example))


def _advice(model: nn.Module, layer: nn.Module, example: torch.Tensor) -> str:
    modules = dict(model.named_modules())
    usable = [name for name in influential_layers(model, example) if modules[name] is not layer]
    default = default_target_layer(model, example)
    if default in usable or (usable and modules[default] is not layer and is_located(model, default, example)):
        return f"use {default}"
    return f"use {usable[-1]}" if usable else "its head gives every image the same score; train it first"
