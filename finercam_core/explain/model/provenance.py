"""What determines a classifier's maps: its weights, layer, classes, and how it is run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from finercam_core.explain.model.execution import Execution
from finercam_core.images.preparation import Preparation

Prompts = Mapping[str, tuple[str, ...]]
"""Texts of each class by its name, in the order of the scores."""


@dataclass(frozen=True)
class ClassifierProvenance:
    """What determines a classifier's maps.

    Attributes
    ----------
    model : str
        What the model is called.
    weights_sha256, classes_sha256 : str
        Hashes of all weights, and of the names of the classes in their order.
    target_layer : str
        Names of several layers are joined by "+".
    route : str
        How the evidence is computed, in words.
    execution : Execution
    preparation : Preparation
    versions : mapping of str to str
        Of finercam, torch and timm.
    prompts : Prompts, optional
        The texts of a CLIP-like model's classes; None for other models.
    folds : int
        Heads of a cross-fitted classifier, each of which speaks about the images of one fold; 0 for others.
    folds_sha256 : str
        Hash of these heads.
    """

    model: str
    weights_sha256: str
    target_layer: str
    route: str
    execution: Execution
    preparation: Preparation
    classes_sha256: str
    versions: Mapping[str, str]
    prompts: Prompts | None = None
    folds: int = 0
    folds_sha256: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values; `prompts` and `folds` only where there are any."""
        prompts = (
            {} if self.prompts is None else {"prompts": {name: list(texts) for name, texts in self.prompts.items()}}
        )
        folds = {"folds": {"count": self.folds, "sha256": self.folds_sha256}} if self.folds else {}
        return {
            "model": self.model,
            "weights_sha256": self.weights_sha256,
            "target_layer": self.target_layer,
            "route": self.route,
            "execution": self.execution.to_dict(),
            "preparation": self.preparation.to_dict(),
            "classes_sha256": self.classes_sha256,
            "versions": dict(self.versions),
            **prompts,
            **folds,
        }
