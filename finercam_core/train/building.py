"""Build a model with as many scores as a collection has classes."""

import importlib
from typing import Any

import timm
from torch import nn

from finercam_core.errors import TrainingError
from finercam_core.explain.classifier import Classifier, preparation_of
from finercam_core.preparation import Preparation


def build(spec: str, classes: int, *, pretrained: bool, model_args: dict[str, Any]) -> tuple[nn.Module, dict[str, Any]]:
    """Build a model with as many scores as classes, and say how it was built.

    Raises
    ------
    TrainingError
        If it cannot be built.
    """
    try:
        if ":" in spec and not spec.startswith(("hf-hub:", "local-dir:")):
            module, _, function = spec.partition(":")
            kwargs = {**model_args, "num_classes": classes}
            built = getattr(importlib.import_module(module), function)(**kwargs)
            layer = built.target_layer if isinstance(built, Classifier) else getattr(built, "target_layer", None)
            network = built.model if isinstance(built, Classifier) else built
            return network, {"factory": spec, "kwargs": kwargs, "target_layer": layer}
        network = timm.create_model(spec, pretrained=pretrained, num_classes=classes, **model_args)
    except (RuntimeError, OSError, ValueError, ImportError, AttributeError, TypeError) as error:
        raise TrainingError(f"the model {spec} cannot be built: {error}", "check its name and arguments") from error
    return network, {"architecture": spec, "model_args": model_args}


def own_preparation(spec: str, model_args: dict[str, Any]) -> Preparation:
    """How the model itself wants its images."""
    network, _ = build(spec, 2, pretrained=False, model_args=model_args)
    own = getattr(network, "preparation", None)
    return own if isinstance(own, Preparation) else preparation_of(network)
