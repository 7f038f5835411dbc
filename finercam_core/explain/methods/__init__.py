"""How the maps of each base method are computed, one file per method with its paper, formula and what "finer" means.

The facts about them that need no torch (names, papers, whether they are linear) are in `finercam_core.base_methods`.
"""

import torch

from finercam_core.base_methods import BaseMethod
from finercam_core.explain.methods.ablationcam import ablationcam
from finercam_core.explain.methods.by_gradient import by_gradient
from finercam_core.explain.methods.gradcam import gradcam
from finercam_core.explain.methods.gradcam_plusplus import gradcam_plusplus
from finercam_core.explain.methods.hirescam import hirescam
from finercam_core.explain.methods.layercam import layercam
from finercam_core.explain.methods.maps import Maps
from finercam_core.explain.methods.random import random_evidence
from finercam_core.explain.methods.scorecam import scorecam
from finercam_core.explain.methods.xgradcam import xgradcam
from finercam_core.explain.routes import Classes, Reduce, Route, chosen, evidence_of

_FORMULAS: dict[str, Reduce] = {
    "gradcam": gradcam,
    "hirescam": hirescam,
    "xgradcam": xgradcam,
    "gradcam++": gradcam_plusplus,
    "layercam": layercam,
}

__all__ = ["Maps", "maps_of"]


def maps_of(method: BaseMethod, route: Route, images: torch.Tensor, classes: Classes, gamma: float) -> Maps:
    """Maps of one target layer with a base method.

    Parameters
    ----------
    method : BaseMethod
    route : Route
        Model and layer.
    images : tensor (N, 3, H, W)
        Prepared, on the model's device.
    classes : int64 tensor (N, R), or callable
        The classes to explain, or a function that chooses them from the scores (N, K); called once.
    gamma : float
        Strength of the comparison, for methods that are not linear in the scores.

    Returns
    -------
    Maps
    """
    if method.name == "gradcam":
        weights = route.weights(images, classes)
        return Maps(evidence_of(weights), weights.logits, weights.classes)
    if method.name in _FORMULAS:
        return by_gradient(_FORMULAS[method.name], route, images, classes, gamma=None if method.linear else gamma)
    if method.name == "scorecam":
        return scorecam(route, images, classes, gamma)
    if method.name == "ablationcam":
        return ablationcam(route, images, classes)
    _, logits = route.forward(images)
    wanted = chosen(classes, logits)
    return Maps(random_evidence(images, wanted, route.grid).to(logits.device), logits, wanted)
