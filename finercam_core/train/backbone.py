"""A backbone with as many scores as a collection has classes, and how it was built."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import timm
from torch import nn

from finercam_core.errors import TrainingError
from finercam_core.explain.model.classifier import Classifier, preparation_of
from finercam_core.images.preparation import Preparation


@dataclass(frozen=True)
class Construction:
    """How a model was built, so that it can be built again; kept in the classifier's folder.

    Attributes
    ----------
    spec : str
        timm name, or ``package.module:function``.
    arguments : dict
        Those that it was called with, plain JSON values.
    from_factory : bool
        Whether a function built it, not timm.
    target_layer : str or None
        Layer whose evidence is shown, where the function names one.
    """

    spec: str
    arguments: Mapping[str, object]
    from_factory: bool = False
    target_layer: str | None = None

    def to_dict(self) -> dict[str, object]:
        """Plain values: ``architecture`` and ``model_args``, or ``factory``, ``kwargs`` and ``target_layer``."""
        if self.from_factory:
            return {"factory": self.spec, "kwargs": self.arguments, "target_layer": self.target_layer}
        return {"architecture": self.spec, "model_args": self.arguments}


@dataclass(frozen=True)
class BackboneSpec:
    """The model that a classifier is to be made of.

    Attributes
    ----------
    spec : str
        timm name, or ``package.module:function`` that takes `num_classes` and returns a model or a `Classifier`.
    pretrained : bool
        Start a timm model from its published weights.
    arguments : dict
        Passed to timm or to the function.
    """

    spec: str
    pretrained: bool = True
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def build(self, classes: int) -> tuple[nn.Module, Construction]:
        """Build the model with as many scores as classes, and tell how it was built.

        Raises
        ------
        TrainingError
            If it cannot be built.
        """
        factory = ":" in self.spec and not self.spec.startswith(("hf-hub:", "local-dir:"))
        try:
            return self._from_factory(classes) if factory else self._from_timm(classes, pretrained=self.pretrained)
        except (RuntimeError, OSError, ValueError, ImportError, AttributeError, TypeError) as error:
            raise TrainingError(
                f"the model {self.spec} cannot be built: {error}", "check its name and arguments"
            ) from error

    def preparation(self) -> Preparation:
        """How the model itself wants its images."""
        network, _ = BackboneSpec(self.spec, pretrained=False, arguments=self.arguments).build(2)
        own = getattr(network, "preparation", None)
        return own if isinstance(own, Preparation) else preparation_of(network)

    def _from_factory(self, classes: int) -> tuple[nn.Module, Construction]:
        module, _, function = self.spec.partition(":")
        kwargs = {**self.arguments, "num_classes": classes}
        built = getattr(importlib.import_module(module), function)(**kwargs)
        layer = built.target_layer if isinstance(built, Classifier) else getattr(built, "target_layer", None)
        network = built.model if isinstance(built, Classifier) else built
        return network, Construction(self.spec, kwargs, from_factory=True, target_layer=layer)

    def _from_timm(self, classes: int, *, pretrained: bool) -> tuple[nn.Module, Construction]:
        network = timm.create_model(self.spec, pretrained=pretrained, num_classes=classes, **self.arguments)
        return network, Construction(self.spec, self.arguments)
