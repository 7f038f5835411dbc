"""How the maps of each base method are computed, one file a method with its paper, formula and what "finer" means.

The facts about them that need no torch (names, papers, whether they are linear) are in `finercam_core.base_methods`.
"""

import torch

from finercam_core.base_methods import BaseMethod
from finercam_core.explain.methods.ablationcam import ablationcam
from finercam_core.explain.methods.by_gradient import Formula, by_gradient
from finercam_core.explain.methods.gradcam import gradcam
from finercam_core.explain.methods.gradcam_plusplus import gradcam_plusplus
from finercam_core.explain.methods.hirescam import hirescam
from finercam_core.explain.methods.layercam import layercam
from finercam_core.explain.methods.model_pass import Choose, Maps
from finercam_core.explain.methods.random import random_evidence
from finercam_core.explain.methods.scorecam import scorecam
from finercam_core.explain.methods.xgradcam import xgradcam
from finercam_core.explain.routes import Route, forward_to

_FORMULAS: dict[str, Formula] = {
    "gradcam": gradcam,
    "hirescam": hirescam,
    "xgradcam": xgradcam,
    "gradcam++": gradcam_plusplus,
    "layercam": layercam,
}

__all__ = ["Choose", "Maps", "maps_of"]


def maps_of(method: BaseMethod, route: Route, images: torch.Tensor, choose: Choose, gamma: float) -> Maps:
    """Maps of one target layer with a base method.

    Parameters
    ----------
    method : BaseMethod
    route : Route
        Model and layer.
    images : float32 tensor (N, 3, H, W)
        Prepared, on the model's device.
    choose : callable
        From scores (N, K) to the classes (N, R) to explain; called once.
    gamma : float
        Strength of the comparison, for methods that are not linear in the scores.

    Returns
    -------
    Maps
    """
    if method.name in _FORMULAS:
        return by_gradient(_FORMULAS[method.name], route, images, choose, gamma=None if method.linear else gamma)
    if method.name == "scorecam":
        return scorecam(route, images, choose, gamma)
    if method.name == "ablationcam":
        return ablationcam(route, images, choose)
    if method.name == "random":
        _, logits = forward_to(route.model, route.layer, images)
        classes = choose(logits)
        return Maps(random_evidence(images, classes, route.grid).to(logits.device), logits, classes)
    raise AssertionError(f"{method.name} has no implementation")
