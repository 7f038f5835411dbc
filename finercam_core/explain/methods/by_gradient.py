"""Maps from gradients: one forward pass, then one backward through the tail for each class."""

from collections.abc import Callable

import torch

from finercam_core.explain.methods.model_pass import Choose, Maps, frozen_pass
from finercam_core.explain.routes import Route

Formula = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def by_gradient(
    formula: Formula, route: Route, images: torch.Tensor, choose: Choose, *, gamma: float | None = None
) -> Maps:
    """Put activations and gradients into a method's formula.

    Parameters
    ----------
    formula : callable
        From activations and gradients, float32 (N, C, h, w), to maps (N, h, w).
    route : Route
        Model and layer.
    images : float32 tensor (N, 3, H, W)
    choose : callable
        From scores (N, K) to the classes (N, R) to explain.
    gamma : float, optional
        For formulas that are not linear in the gradient: the first map is that of the first class alone, the r-th that
        of :math:`y_0 - γ y_r`. None for linear ones, whose r-th map is that of class r.
    """
    with frozen_pass(route, images) as (activation, logits):
        classes = choose(logits.detach())
        picked = logits.gather(1, classes)
        cells = route.to_grid(activation.detach()).float()

        def gradient(r: int) -> torch.Tensor:
            # Images are independent, so that the r-th class of every image shares one backward pass.
            (found,) = torch.autograd.grad(picked[:, r].sum(), activation, retain_graph=r + 1 < picked.shape[1])
            return route.to_grid(found).float()

        first = gradient(0)
        maps = [formula(cells, first)]
        for r in range(1, picked.shape[1]):
            other = gradient(r)
            maps.append(formula(cells, other if gamma is None else first - gamma * other))
    return Maps(torch.stack(maps, dim=1), logits.detach(), classes)
