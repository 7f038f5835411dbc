"""A classifier: a torch model, the species that its scores stand for, and the layer that is explained."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import save
from torch import nn

from finercam_core import __version__
from finercam_core.errors import ClassifierError
from finercam_core.explain.folds import FoldHeads, classifier_of_fold
from finercam_core.explain.model.execution import Execution
from finercam_core.explain.model.layers import default_target_layer, find_layer, linear_head
from finercam_core.explain.model.layout import covering
from finercam_core.explain.model.own_preparation import preparation_of
from finercam_core.explain.model.provenance import ClassifierProvenance, Prompts
from finercam_core.explain.model.support import require_plain
from finercam_core.explain.routes import Route, choose_route
from finercam_core.explain.routes.confirmation import confirmed
from finercam_core.explain.routes.tail import Tail
from finercam_core.images.preparation import Preparation
from finercam_core.io.faults import first_line
from finercam_core.parts import NO_FOLD, ImageLists

# What a model raises about an input that it was not made for.
_FAILURES = (AssertionError, RuntimeError, ValueError, TypeError, IndexError, KeyError, AttributeError)


class Classifier:
    """A model with names for its classes.

    Parameters
    ----------
    model : torch.nn.Module
        Maps images (N, 3, H, W) to scores (N, K). It is never changed.
    species : sequence of str
        Scientific names of the K classes, in the order of the scores.
    target_layer : str or sequence of str, optional
        Name of the module whose output is explained; for timm models the last spatial one by default. Several, also as
        "layer3+layer4", are fused, see `finercam_core.explain.evidence`; each costs a forward pass of its own.
    preparation : Preparation, optional
        How images become input; for timm models from their configuration by default.
    name : str
        What the model is called in the provenance.
    execution : Execution, optional
        Precision, memory format and compilation; by default the model runs as it is.
    prompts : mapping of str to tuple of str, optional
        Texts that the classes of a CLIP-like model stand for, for the provenance.
    lists : ImageLists, optional
        What it was trained on, image by image.
    heads : FoldHeads, optional
        Of a cross-fitted classifier: for each fold of the images a head that never saw it. `model` has the head that
        speaks about all other images.

    Raises
    ------
    ClassifierError
        If a class is named twice or the layer does not exist; at the first use of its route, grid or maps, if the
        layer gives no meaningful map, the model does not run on images of this size, or names are missing.
    """

    def __init__(
        self,
        model: nn.Module,
        species: Sequence[str],
        target_layer: str | Sequence[str] | None = None,
        preparation: Preparation | None = None,
        *,
        name: str = "",
        execution: Execution | None = None,
        prompts: Prompts | None = None,
        lists: ImageLists | None = None,
        heads: FoldHeads | None = None,
    ) -> None:
        self.model = model
        self.lists = lists
        self.heads = heads
        self._of_folds: dict[int, tuple[tuple[Route, ...], Classifier]] = {}
        self.species = tuple(species)
        self.execution = execution or Execution()
        self.prompts = prompts
        self.name = name or type(model).__name__
        self.preparation = covering(preparation or preparation_of(model), model)
        self._named_layer = target_layer if isinstance(target_layer, str | None) else "+".join(target_layer)
        self._confirmed: dict[str, float] = {}
        self._index = {species: i for i, species in enumerate(self.species)}
        if len(self._index) != len(self.species):
            doubled = next(s for s in self.species if self.species.count(s) > 1)
            raise ClassifierError(f"two classes are called {doubled!r}", "give each class a name of its own")
        for layer in (self._named_layer or "").split("+") if self._named_layer else ():
            find_layer(model, layer)

    def __repr__(self) -> str:
        """What a notebook shows; the model is not run for it."""
        layer = self._named_layer or "its default layer"
        return f"<Classifier {self.name!r}: {len(self.species):,} species, explained at {layer}, on {self.device}>"

    def __contains__(self, species: object) -> bool:
        return species in self._index

    def index(self, species: str) -> int:
        """Index of a species among the scores; raises `ClassifierError` if the classifier does not know it."""
        if species not in self._index:
            raise ClassifierError(f"the classifier has no class {species!r}", "train it on this species first")
        return self._index[species]

    @property
    def device(self) -> torch.device:
        """The device that the model is on."""
        return next((p.device for p in self.model.parameters()), torch.device("cpu"))

    @property
    def dtype(self) -> torch.dtype:
        """Data type of the model's weights, and therefore of its input."""
        return next((p.dtype for p in self.model.parameters()), torch.float32)

    @cached_property
    def target_layer(self) -> str:
        """Name of the layer that is explained; names of several are joined by "+"."""
        if self._named_layer:
            return self._named_layer
        with self._running():
            return default_target_layer(self.model, self._example())

    @property
    def layer(self) -> nn.Module:
        """The layer that is explained; of several the one with the finest grid."""
        return self.route.layer if "+" in self.target_layer else find_layer(self.model, self.target_layer)

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """For each target layer the cheapest correct way to its evidence, found by trying it on a random input."""
        with self._running():
            layers = [find_layer(self.model, name) for name in self.target_layer.split("+")]
            routes = tuple(choose_route(self.model, layer, self._example()) for layer in layers)
        if routes[0].scores != len(self.species):
            problem = f"the model gives {routes[0].scores} scores and has {len(self.species)} names"
            raise ClassifierError(problem, "name all classes in the order of the scores")
        for route in routes:
            route.execute(self.execution)
        return routes

    def confirm_routes(self, image: torch.Tensor) -> float:
        """Check the routes once more on a real, prepared image (1, 3, H, W); one that fails becomes the tail, said.

        Returns
        -------
        float: the largest difference of evidence from a backward through the tail, as a share of that one's range; NaN
        where the model gives this image no finite scores.
        """
        key = hashlib.sha256(image.numpy().tobytes()).hexdigest()
        if key not in self._confirmed:
            outcome = confirmed(self.routes, image.to(self.device, self.dtype))
            self.__dict__["routes"] = outcome.routes
            self._confirmed[key] = outcome.error
        return self._confirmed[key]

    def run_as(self, execution: Execution) -> None:
        """Run the model in another way from now on."""
        if execution != self.execution:
            self.execution = execution
            self._of_folds.clear()
            for route in self.__dict__.get("routes", ()):
                route.execute(execution)

    def take_routes(self, names: str) -> None:
        """Take the backward through the tail at the layers where a store says so in its provenance."""
        told = names.split(" + ")
        if len(told) == len(self.routes) and told != [route.name for route in self.routes]:
            routes = [
                Tail(self.model, route.layer, self._example()) if name == Tail.name else route
                for name, route in zip(told, self.routes, strict=True)
            ]
            for route in routes:
                route.execute(self.execution)
            self.__dict__["routes"] = tuple(routes)

    @property
    def route(self) -> Route:
        """The way to the evidence of the target layer; of several layers that of the one with the finest grid."""
        return max(self.routes, key=lambda route: route.grid[0] * route.grid[1])

    @cached_property
    def grid(self) -> tuple[int, int]:
        """Height and width of the maps in cells."""
        return self.route.grid

    def for_fold(self, fold: int) -> "Classifier":
        """The classifier that never saw the images of a fold; itself for `NO_FOLD`, or without folds.

        It has the same backbone, in memory once, and the fold's own head.

        Raises
        ------
        ClassifierError
            If there is no such fold.
        """
        if self.heads is None or fold == NO_FOLD:
            return self
        routes, made = self._of_folds.get(fold, (None, self))
        if routes is not self.routes:
            made = classifier_of_fold(self, self.heads, fold)
            self._of_folds[fold] = self.routes, made
        return made

    @contextmanager
    def _running(self) -> Iterator[None]:
        """Refuse models that hide their layers, and name the size of the input in the error should the model fail."""
        require_plain(self.model)
        try:
            yield
        except torch.OutOfMemoryError:
            raise
        except _FAILURES as error:
            size = f"{self.preparation.height}x{self.preparation.width}"
            reason = first_line(error).rstrip(".") or type(error).__name__
            raise ClassifierError(
                f"the model does not run on images of {size}: {reason}",
                "build it for this size (timm: img_size=… or dynamic_img_size=True), or prepare another size",
            ) from error

    def _example(self) -> torch.Tensor:
        generator = torch.Generator().manual_seed(0)
        shape = (2, 3, self.preparation.height, self.preparation.width)
        return torch.randn(shape, generator=generator).to(self.device, self.dtype)

    @property
    def class_weights(self) -> npt.NDArray[np.float32] | None:
        """Rows of the linear head, (K, D) float32, or None where there is none."""
        head = self.head
        return None if head is None else head.weight.detach().float().cpu().numpy()

    @property
    def head(self) -> nn.Linear | None:
        """The linear layer whose output the scores are, if there is one."""
        with self._running():
            return linear_head(self.model, len(self.species), self._example())

    @cached_property
    def weights_sha256(self) -> str:
        """Hash of all weights, the same wherever the model was loaded from."""
        state = {key: value.detach().cpu().contiguous() for key, value in sorted(self.model.state_dict().items())}
        return hashlib.sha256(save({key: value.clone() for key, value in state.items()})).hexdigest()

    @property
    def provenance(self) -> ClassifierProvenance:
        """What determines this classifier's maps."""
        return ClassifierProvenance(
            model=self.name,
            weights_sha256=self.weights_sha256,
            target_layer=self.target_layer,
            route=" + ".join(route.name for route in self.routes),
            execution=self.execution,
            preparation=self.preparation,
            classes_sha256=hashlib.sha256(json.dumps(self.species).encode()).hexdigest(),
            versions={"finercam": __version__, "torch": torch.__version__, "timm": version("timm")},
            prompts=self.prompts,
            folds=0 if self.heads is None else len(self.heads),
            folds_sha256="" if self.heads is None else self.heads.sha256,
        )

    def to_provenance(self) -> dict[str, Any]:
        """`provenance` as plain JSON values."""
        return self.provenance.to_dict()
