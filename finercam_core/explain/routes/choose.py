"""Choose the cheapest correct route by trying it on a random input."""

import torch
from torch import nn

from finercam_core.errors import ClassifierError
from finercam_core.explain.routes.base import Route
from finercam_core.explain.routes.closed_form import ClosedForm
from finercam_core.explain.routes.tail import Tail


def choose_route(model: nn.Module, layer: nn.Module, example: torch.Tensor) -> Route:
    """Take the closed form where it reproduces the scores of a random input, else the tail.

    Raises
    ------
    ClassifierError
        If the layer's gradients are all zero: no map of it means anything.
    """
    closed = ClosedForm(model, layer, example)
    if ClosedForm.fits(closed, example):
        return closed
    tail = Tail(model, layer, example)
    classes = torch.zeros((len(example), 1), dtype=torch.long, device=example.device)
    if not tail.weights(example, classes).alpha.any():
        raise ClassifierError("the score does not depend on the target layer's cells", "name an earlier layer")
    return tail
