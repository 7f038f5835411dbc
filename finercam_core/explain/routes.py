r"""Ways from an image to the evidence of its classes; the cheapest correct one is chosen by trial.

With A the target layer's output on a grid of N cells, channels c, and :math:`y_k` the score of class k, Grad-CAM's
evidence (Selvaraju et al., ICCV 2017, eq. 1 and 2, without the ReLU and scaled by N) is

.. math:: E_k = N \sum_c α_{kc} A_c, \qquad α_{kc} = \frac{1}{N}\sum_{ij}\frac{\partial y_k}{\partial A_{cij}}
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from finercam_core.errors import ClassifierError
from finercam_core.explain.layers import linear_head


class Route(ABC):
    """A way to evidence maps.

    Attributes
    ----------
    name : str
        What the provenance calls it.
    grid : (int, int)
        Height and width of the maps in cells.
    """

    name: str

    def __init__(self, model: nn.Module, layer: nn.Module, example: torch.Tensor) -> None:
        self.model = model
        self.layer = layer
        self.prefix = int(getattr(model, "num_prefix_tokens", 0))
        activation, _ = forward_to(model, layer, example)
        self.channels_last = activation.ndim == 4 and _channels_last(model, activation)
        self.grid = self._grid_of(activation, example)

    def _grid_of(self, activation: torch.Tensor, example: torch.Tensor) -> tuple[int, int]:
        if activation.ndim == 4:
            sides = activation.shape[1:3] if self.channels_last else activation.shape[2:4]
            return int(sides[0]), int(sides[1])
        if activation.ndim != 3:
            raise ClassifierError(
                f"the target layer gives values of shape {tuple(activation.shape)}, not a map",
                "name a layer before the pooling",
            )
        cells, (height, width) = activation.shape[1] - self.prefix, example.shape[-2:]
        rows = round((cells * height / width) ** 0.5)
        if rows * (cells // max(rows, 1)) != cells:
            raise ClassifierError(f"{cells} tokens make no grid for {height}x{width}", "name another target layer")
        return rows, cells // rows

    def to_grid(self, values: torch.Tensor) -> torch.Tensor:
        """Bring a layer's values (N, …) to (N, C, h, w)."""
        if values.ndim == 3:
            cells = values[:, self.prefix :].transpose(1, 2)
            return cells.reshape(*cells.shape[:2], *self.grid)
        return values.permute(0, 3, 1, 2) if self.channels_last else values

    @abstractmethod
    def explain(self, images: torch.Tensor, classes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Evidence (N, R, h, w) of classes (N, R), and scores (N, K), with one forward pass."""


class ClosedForm(Route):
    """Global average pooling and a linear head: α is the head's row over N, so ``E_k = sum_c W_kc A_c``."""

    name = "closed form: global average pooling, linear head"

    def explain(self, images: torch.Tensor, classes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """See `Route.explain`."""
        activation, logits = forward_to(self.model, self.layer, images)
        head = linear_head(self.model)
        assert head is not None
        rows = head.weight.detach()[classes]
        return torch.einsum("nrc,nchw->nrhw", rows.float(), self.to_grid(activation).float()), logits


class Tail(Route):
    """Anything else: the trunk without a graph, then a backward through what lies behind the target layer."""

    name = "backward through the tail"

    def explain(self, images: torch.Tensor, classes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """See `Route.explain`."""
        with _frozen(self.model):
            activation, logits = forward_to(self.model, self.layer, images, graph=True)
            # Images are independent, so the r-th class of every image shares one backward pass.
            picked = logits.gather(1, classes)
            seeds = torch.eye(classes.shape[1], device=logits.device, dtype=picked.dtype)[:, None, :]
            seeds = seeds.expand(-1, len(images), -1)
            gradients = _gradients(picked, activation, seeds)
        grid = self.to_grid(activation.detach()).float()
        alpha = torch.stack([self.to_grid(g).float().mean(dim=(2, 3)) for g in gradients], dim=1)
        cells = self.grid[0] * self.grid[1]
        return cells * torch.einsum("nrc,nchw->nrhw", alpha, grid), logits.detach()


def _gradients(picked: torch.Tensor, activation: torch.Tensor, seeds: torch.Tensor) -> torch.Tensor:
    """Gradients (R, N, …) of each column of `picked` (N, R); vectorised where the model's operations allow it."""
    try:
        (found,) = torch.autograd.grad(picked, activation, seeds, is_grads_batched=True, retain_graph=True)
    except RuntimeError:
        single = [torch.autograd.grad(picked, activation, seed, retain_graph=True)[0] for seed in seeds]
        return torch.stack(single)
    return found


def choose_route(model: nn.Module, layer: nn.Module, example: torch.Tensor) -> Route:
    """Take the closed form where it reproduces the scores of a random input, else the tail.

    Raises
    ------
    ClassifierError
        If the layer's gradients are all zero: no map of it means anything.
    """
    closed = ClosedForm(model, layer, example)
    if _is_pooled_linear(closed, example):
        return closed
    tail = Tail(model, layer, example)
    maps, _ = tail.explain(example, torch.zeros((len(example), 1), dtype=torch.long, device=example.device))
    if not maps.any():
        raise ClassifierError("the score does not depend on the target layer's cells", "name an earlier layer")
    return tail


def _is_pooled_linear(route: Route, example: torch.Tensor) -> bool:
    """Whether the head receives the mean of the layer's output and its output is the scores, on this input."""
    head, received = linear_head(route.model), []
    if head is None:
        return False
    hook = head.register_forward_pre_hook(lambda _module, inputs: received.append(inputs[0].detach()))
    try:
        activation, logits = forward_to(route.model, route.layer, example)
    finally:
        hook.remove()
    pooled = route.to_grid(activation).mean(dim=(2, 3))
    if len(received) != 1 or received[0].shape != pooled.shape or logits.shape[1] != head.out_features:
        return False
    same_input = torch.allclose(received[0], pooled, rtol=1e-4, atol=1e-5 * float(pooled.abs().max()))
    return same_input and torch.allclose(head(pooled).detach(), logits, rtol=1e-3, atol=1e-4)


def forward_to(
    model: nn.Module, layer: nn.Module, images: torch.Tensor, *, graph: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """One forward pass: the layer's output and the scores.

    With `graph`, what lies behind the layer is differentiable with respect to its output; what lies before is not.
    The model is in evaluation mode meanwhile and is left as it was found, also after an exception.
    """
    caught: list[torch.Tensor] = []

    def catch(_module: nn.Module, _inputs: Any, output: Any) -> Any:
        if not isinstance(output, torch.Tensor):
            raise ClassifierError(
                f"the target layer gives a {type(output).__name__}", "name a layer that gives one map"
            )
        caught.append(output.detach())
        if not graph:
            return None
        caught[-1].requires_grad_()
        torch.set_grad_enabled(True)
        # A copy, since the next layer may work in place, which a leaf of the graph forbids.
        return caught[-1].clone()

    hook = layer.register_forward_hook(catch)
    try:
        with _evaluating(model), torch.set_grad_enabled(False):
            logits = model(images)
    finally:
        hook.remove()
    if len(caught) != 1:
        raise ClassifierError(f"the target layer ran {len(caught)} times in one pass", "name a layer that runs once")
    return caught[0], logits


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode, with every module's own flag put back afterwards."""
    flags = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in flags:
            module.training = training


@contextmanager
def _frozen(model: nn.Module) -> Iterator[None]:
    """No gradients for parameters, so that the tail's graph holds activations alone."""
    flags = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    for parameter, _ in flags:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter, wanted in flags:
            parameter.requires_grad_(wanted)


def _channels_last(model: nn.Module, activation: torch.Tensor) -> bool:
    """Whether (N, h, w, C) and not (N, C, h, w) is the layer's order, as in Swin."""
    return str(getattr(model, "output_fmt", "NCHW")).upper().endswith("NHWC")
