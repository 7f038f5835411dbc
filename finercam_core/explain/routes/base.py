r"""What all ways from an image to the evidence of its classes have in common.

With A the target layer's output on a grid of N cells, channels c, and :math:`y_k` the score of class k, Grad-CAM's
evidence (Selvaraju et al., ICCV 2017, eq. 1 and 2, without the ReLU and scaled by N) is

.. math:: E_k = N \sum_c α_{kc} A_c, \qquad α_{kc} = \frac{1}{N}\sum_{ij}\frac{\partial y_k}{\partial A_{cij}}
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from finercam_core.explain.model.execution import Execution, Runner
from finercam_core.explain.model.layers import linear_head
from finercam_core.explain.model.layout import Layout

Reduce = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
Choose = Callable[[torch.Tensor], torch.Tensor]
Classes = torch.Tensor | Choose


@dataclass(frozen=True)
class Weights:
    r"""What Grad-CAM needs from one pass.

    Attributes
    ----------
    activation : tensor (N, C, h, w), at least float32
        The target layer's output on its grid, A.
    logits : tensor (N, K), at least float32
        Scores of all classes.
    alpha : tensor (N, R, C), at least float32
        Mean over the cells of :math:`\partial y_k/\partial A_c` for the classes asked for.
    classes : int64 tensor (N, R)
        These classes.
    """

    activation: torch.Tensor
    logits: torch.Tensor
    alpha: torch.Tensor
    classes: torch.Tensor


@dataclass(frozen=True)
class Gradients:
    r"""What methods that look at each cell need from one pass.

    Attributes
    ----------
    activation : tensor (N, C, h, w), at least float32
        The target layer's output on its grid, A.
    logits : tensor (N, K), at least float32
        Scores of all classes.
    values : tensor (R, N, C, h, w), at least float32
        :math:`\partial y_k/\partial A_{cij}` of the r-th class asked for of each image; or (R, N, …), what `reduce`
        made of it.
    classes : int64 tensor (N, R)
        These classes.
    """

    activation: torch.Tensor
    logits: torch.Tensor
    values: torch.Tensor
    classes: torch.Tensor


class Route(ABC):
    """A way to evidence maps.

    Attributes
    ----------
    name : str
        Its name in the provenance.
    run : Runner
        One forward pass; its `execution` is how the model is run.
    uniform : bool
        Whether the gradient is the same at every cell, so that Grad-CAM, HiResCAM and XGrad-CAM are one map.
    linear : bool
        Whether the scores are linear in the mean of the cells as well, so that the gradient is the same for all images.
    layout : Layout
        How the layer's output is read as a map.
    grid : (int, int)
        Height and width in cells of the maps of images as large as the example.
    scores : int
        Number of classes.
    not_in_double : str
        Why it was proven in the model's own precision alone; "" where it was proven in double precision.
    """

    name: str
    uniform: bool = False
    linear: bool = False
    not_in_double: str = ""

    def __init__(self, model: nn.Module, layer: nn.Module, example: torch.Tensor) -> None:
        self.model = model
        self.layer = layer
        self.run = Runner(model, layer)
        activation, logits = self.run(example)
        self.scores = int(logits.shape[1])
        self.layout = Layout.of(model, activation, example)
        self.grid = self.layout.grid(activation, example)

    def execute(self, execution: Execution) -> None:
        """Run the model in another way from now on."""
        self.run = Runner(self.model, self.layer, execution, linear_head(self.model, self.scores))

    @contextmanager
    def as_it_is(self) -> Iterator[None]:
        """Run the model in its own precision within the context."""
        run, self.run = self.run, Runner(self.model, self.layer)
        try:
            yield
        finally:
            self.run = run

    def of_copy(self, model: nn.Module, layer: nn.Module, example: torch.Tensor) -> "Route":
        """The same route for a copy of the model that has other weights in its head, run in the same way."""
        route = type(self)(model, layer, example)
        route.execute(self.run.execution)
        route.not_in_double = self.not_in_double
        return route

    @abstractmethod
    def weights(self, images: torch.Tensor, classes: Classes) -> Weights:
        """Grad-CAM's weights, with one forward pass.

        Parameters
        ----------
        images : tensor (N, 3, H, W)
        classes : int64 tensor (N, R), or callable
            The classes, or a function that chooses them from the scores (N, K), at least float32; called once.
        """

    @abstractmethod
    def gradients(self, images: torch.Tensor, classes: Classes, reduce: Reduce | None = None) -> Gradients:
        """Gradients at every cell, with one forward pass.

        Parameters
        ----------
        images, classes
            See `weights`.
        reduce : callable, optional
            Takes gradients (r, N, C, h, w) of some of the classes and the activation (N, C, h, w) and gives
            (r, N, …). The gradients of all classes are then never in memory together.
        """

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The layer's output on its grid, (N, C, h, w), and scores (N, K)."""
        activation, logits = self.run(images)
        return full(self.to_grid(activation, images)), full(logits)

    def logits_with(self, images: torch.Tensor, activation: torch.Tensor) -> torch.Tensor:
        """Scores (N, K) that the model gives when the layer's cells are replaced by `activation` (N, C, h, w)."""

        def replace(values: torch.Tensor) -> torch.Tensor:
            return self.layout.from_grid(activation, values)

        return full(self.run(images, replace=replace)[1])

    def to_grid(self, values: torch.Tensor, images: torch.Tensor | None = None) -> torch.Tensor:
        """Bring the layer's values to (N, C, h, w); give images whose size is not that of the example."""
        grid = self.grid if images is None else self.layout.grid(values, images)
        return self.layout.to_grid(values, grid)


def evidence_of(weights: Weights) -> torch.Tensor:
    r"""Grad-CAM's signed evidence, :math:`E_k = N \sum_c α_{kc} A_c`, (N, R, h, w)."""
    cells = weights.activation.shape[2] * weights.activation.shape[3]
    return cells * torch.einsum("nrc,nchw->nrhw", weights.alpha, weights.activation)


def chosen(classes: Classes, logits: torch.Tensor) -> torch.Tensor:
    """The classes (N, R) that are given, or that a function chooses from the scores (N, K)."""
    return classes(full(logits)) if callable(classes) else classes


def full(values: torch.Tensor) -> torch.Tensor:
    """At least float32, so that evidence of a model in half precision has no half-precision sums."""
    return values.detach().to(torch.promote_types(values.dtype, torch.float32))
