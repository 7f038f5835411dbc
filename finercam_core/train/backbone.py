"""Build a model with as many scores as a collection has classes."""

import importlib
from dataclasses import dataclass, field
from typing import Any

import timm
from torch import nn

from finercam_core.errors import TrainingError
from finercam_core.explain.model.classifier import Classifier, preparation_of
from finercam_core.images.preparation import Preparation


@dataclass(frozen=True)
class Source:
    """Where a model comes from.

    Attributes
    ----------
    spec : str
        timm name, or ``package.module:function`` that takes `num_classes` and returns a model or a `Classifier`.
    pretrained : bool
        Start a timm model from its published weights.
    arguments : dict
        For building it.
    """

    spec: str
    pretrained: bool = True
    arguments: dict[str, Any] = field(default_factory=dict)

    def build(self, classes: int) -> tuple[nn.Module, dict[str, Any]]:
        """Build the model with as many scores as classes, and say how it was built.

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
        network, _ = Source(self.spec, pretrained=False, arguments=self.arguments).build(2)
        own = getattr(network, "preparation", None)
        return own if isinstance(own, Preparation) else preparation_of(network)

    def _from_factory(self, classes: int) -> tuple[nn.Module, dict[str, Any]]:
        module, _, function = self.spec.partition(":")
        kwargs = {**self.arguments, "num_classes": classes}
        built = getattr(importlib.import_module(module), function)(**kwargs)
        layer = built.target_layer if isinstance(built, Classifier) else getattr(built, "target_layer", None)
        network = built.model if isinstance(built, Classifier) else built
        return network, {"factory": self.spec, "kwargs": kwargs, "target_layer": layer}

    def _from_timm(self, classes: int, *, pretrained: bool) -> tuple[nn.Module, dict[str, Any]]:
        network = timm.create_model(self.spec, pretrained=pretrained, num_classes=classes, **self.arguments)
        return network, {"architecture": self.spec, "model_args": self.arguments}
