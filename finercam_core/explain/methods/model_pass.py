"""What every base method needs of the model: a pass with the target layer watched, and the form of its result."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch

from finercam_core.explain.routes import Route, _evaluating, _frozen, forward_to

Choose = Callable[[torch.Tensor], torch.Tensor]


class Maps(NamedTuple):
    """What a method gives.

    Attributes
    ----------
    maps : float32 tensor (N, R, h, w)
        Signed evidence of each class; for methods that are not linear in the scores the signed map of the first class
        alone, then of its comparison with each of the others.
    logits : tensor (N, K)
        Scores of all classes.
    classes : int64 tensor (N, R)
        The classes that the maps are of.
    """

    maps: torch.Tensor
    logits: torch.Tensor
    classes: torch.Tensor


@contextmanager
def frozen_pass(route: Route, images: torch.Tensor) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """One forward pass with a graph from the target layer on: the layer's output and the scores."""
    with _frozen(route.model):
        yield forward_to(route.model, route.layer, images, graph=True)


def scores_with(route: Route, images: torch.Tensor, replace: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """Scores when the layer's output is replaced; one image may become many variants of its output."""
    hook = route.layer.register_forward_hook(lambda _module, _inputs, output: replace(output))
    try:
        with _evaluating(route.model):
            scores: torch.Tensor = route.model(images)
    finally:
        hook.remove()
    return scores
