"""Maps from gradients: one forward pass, then a backward through the tail for each class where one is needed."""

import torch

from finercam_core.explain.methods.maps import Maps
from finercam_core.explain.routes import Classes, Reduce, Route


def by_gradient(
    formula: Reduce, route: Route, images: torch.Tensor, classes: Classes, *, gamma: float | None = None
) -> Maps:
    """Put activations and gradients into a method's formula.

    Parameters
    ----------
    formula : callable
        From gradients of some scores (r, N, C, h, w) and activations (N, C, h, w) to maps (r, N, h, w).
    route : Route
        Model and layer.
    images : tensor (N, 3, H, W)
    classes : int64 tensor (N, R), or callable
        The classes to explain, or a function that chooses them from the scores (N, K).
    gamma : float, optional
        For formulas that are not linear in the gradient: the first map is that of the first class alone, the r-th that
        of :math:`y_0 - γ y_r`. None for linear ones, whose r-th map is that of class r.
    """
    reduce = formula if gamma is None else _Comparing(formula, gamma)
    gradients = route.gradients(images, classes, reduce)
    return Maps(gradients.values.transpose(0, 1), gradients.logits, gradients.classes)


class _Comparing:
    """Turns gradients of classes into those of comparisons; classes come a few at a time, the first class first."""

    def __init__(self, formula: Reduce, gamma: float) -> None:
        self.formula = formula
        self.gamma = gamma
        self.first: torch.Tensor | None = None

    def __call__(self, gradient: torch.Tensor, activation: torch.Tensor) -> torch.Tensor:
        if self.first is not None:
            return self.formula(self.first - self.gamma * gradient, activation)
        self.first = gradient[:1].clone()
        compared = self.first - self.gamma * gradient
        compared[0] = self.first[0]
        return self.formula(compared, activation)
