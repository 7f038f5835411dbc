"""The base methods that Finer-CAM can build on, and the explainers that it is compared with; without torch.

How each one is computed, with its formula, is in `finercam_core.explain.methods`.
"""

import re
from dataclasses import dataclass
from typing import Literal

from finercam_core.errors import ComparisonError
from finercam_core.suggestions import did_you_mean

Kind = Literal["evidence", "comparison"]


@dataclass(frozen=True)
class BaseMethod:
    """Facts about one base method.

    Attributes
    ----------
    name : str
        What commands and provenance call it.
    title : str
        What people call it.
    paper : str
        Authors, venue, identifier; "" for the control.
    linear : bool
        Whether its map before the ReLU is linear in the class scores. If so a store holds *evidence*, a signed map
        of each class, from which every comparison follows; if not, the finished signed map of each *comparison*.
    forwards : str
        What it costs beyond one forward pass per image, in words.
    """

    name: str
    title: str
    paper: str
    linear: bool
    forwards: str

    @property
    def kind(self) -> Kind:
        """What the `class` axis of a store of this method holds."""
        return "evidence" if self.linear else "comparison"

    @property
    def by_gradient(self) -> bool:
        """Whether it takes the classifier's route to the gradients; for the others `forwards` says what they cost."""
        return self.forwards == _TAIL


# These words are in the provenance, which decides whether a store is of the same run: they must stay as they are.
_TAIL = "none where a closed form exists, else a backward through the tail"
_ALL = (
    BaseMethod("gradcam", "Grad-CAM", "Selvaraju et al., ICCV 2017, arXiv 1610.02391", True, _TAIL),
    BaseMethod("hirescam", "HiResCAM", "Draelos and Carin 2020, arXiv 2011.08891", True, _TAIL),
    BaseMethod("xgradcam", "XGrad-CAM", "Fu et al., BMVC 2020, arXiv 2008.02312", True, _TAIL),
    BaseMethod("ablationcam", "Ablation-CAM", "Desai and Ramaswamy, WACV 2020", True, "one pass of the tail a channel"),
    BaseMethod("gradcam++", "Grad-CAM++", "Chattopadhay et al., WACV 2018, arXiv 1710.11063", False, _TAIL),
    BaseMethod("layercam", "LayerCAM", "Jiang et al., IEEE TIP 2021, doi 10.1109/TIP.2021.3089943", False, _TAIL),
    BaseMethod("scorecam", "Score-CAM", "Wang et al., CVPRW 2020, arXiv 1910.01279", False, "one forward a channel"),
    BaseMethod("random", "random control", "", True, "none"),
)
BASE_METHODS: dict[str, BaseMethod] = {method.name: method for method in _ALL}
DEFAULT_METHOD = "gradcam"
OTHER_EXPLAINERS = ("integrated_gradients", "smooth_grad", "lrp", "lime", "kernel_shap", "occlusion", "rise")
"""Explainers other than CAM, see `finercam_core.evaluate.with_model.baselines`."""

_BLIND = "its map is the same for every class, so that there is nothing to compare"
_REFUSED = {
    "eigencam": _BLIND,
    "kpcacam": _BLIND,
    "fem": _BLIND,
    "segeigencam": _BLIND,
    "eigengradcam": "it takes a principal component, whose sign is arbitrary, so that a difference has no sign",
    "fullgrad": "it sums over the biases of all layers and has no target layer to compare on",
    "finercam": "Finer-CAM is what every map of a store becomes; choose the method that it builds on",
}


def base_method(name: str) -> BaseMethod:
    """Base method by name; case, hyphens, spaces and underscores do not matter ("Grad-CAM++", "grad_cam_plusplus").

    Raises
    ------
    ComparisonError
        If it is unknown, or ignores the target, so that no comparison can be made with it.
    """
    plain = re.sub(r"(plusplus|pp)$", "++", re.sub(r"[-_ ]", "", name.lower()))
    if plain in BASE_METHODS:
        return BASE_METHODS[plain]
    known = f"use one of {', '.join(BASE_METHODS)}"
    if plain in _REFUSED:
        raise ComparisonError(f"the base method {name!r} cannot be used: {_REFUSED[plain]}", known)
    raise ComparisonError(f"unknown base method {name!r}", did_you_mean(plain, BASE_METHODS) or known)


def other_explainer(name: str) -> str:
    """Raise `ComparisonError` if a name is none of `OTHER_EXPLAINERS`, nor ``all`` of them; the name itself."""
    if name not in (*OTHER_EXPLAINERS, "all"):
        known = f"use {', '.join(OTHER_EXPLAINERS)} or all"
        raise ComparisonError(f"unknown baseline {name!r}", did_you_mean(name, OTHER_EXPLAINERS) or known)
    return name
