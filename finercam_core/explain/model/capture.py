"""One forward pass that captures a layer's output, and context managers that leave the model as it was."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from weakref import WeakSet

import torch
from torch import nn

from finercam_core.errors import ClassifierError

Replace = Callable[[torch.Tensor], torch.Tensor]
# Layers whose output the next one was seen to overwrite in place: only these pay for a copy of it.
_OVERWRITTEN: WeakSet[nn.Module] = WeakSet()


def forward_to(
    model: nn.Module, layer: nn.Module, images: torch.Tensor, *, graph: bool = False, replace: Replace | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """One forward pass: the layer's output and the scores.

    The model is in evaluation mode during the pass and is left as it was, also after an exception.

    Parameters
    ----------
    model, layer : torch.nn.Module
    images : tensor (N, 3, H, W)
    graph : bool
        Make everything after the layer differentiable with respect to the tensor returned; nothing before it is.
        Parameters take no part in the graph.
    replace : callable, optional
        Turns the layer's output into the one that the rest of the model receives, and that is returned.

    Returns
    -------
    The layer's output as the module gives it, detached from the trunk; scores (N, K).

    Raises
    ------
    ClassifierError
        If the layer gives something other than one tensor, or does not run exactly once.
    """
    captured: list[torch.Tensor] = []
    versions: list[int] = []
    copied = layer in _OVERWRITTEN

    def capture(_module: nn.Module, _inputs: Any, output: Any) -> Any:
        if not isinstance(output, torch.Tensor):
            raise ClassifierError(
                f"the target layer gives a {type(output).__name__}", "name a layer that gives one map"
            )
        captured.append(output.detach() if replace is None else replace(output.detach()).detach())
        if captured[-1].is_inference() or (copied and replace is None and not graph):
            captured[-1] = captured[-1].clone()
        versions.append(captured[-1]._version)
        if not graph:
            return None if replace is None else captured[-1].clone()
        captured[-1].requires_grad_()
        torch.set_grad_enabled(True)
        # A copy, since the next layer may work in place, which a leaf of the graph forbids.
        return captured[-1].clone()

    hook = layer.register_forward_hook(capture)
    with ExitStack() as stack:
        stack.callback(hook.remove)
        stack.enter_context(evaluating(model))
        stack.enter_context(frozen(model))
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.set_grad_enabled(False))
        logits = scores_of(model(images))
    if len(captured) != 1:
        raise ClassifierError(f"the target layer ran {len(captured)} times in one pass", "name a layer that runs once")
    if not graph and captured[0]._version != versions[0]:
        _OVERWRITTEN.add(layer)
        return forward_to(model, layer, images, replace=replace)
    return captured[0], logits


def scores_of(output: Any) -> torch.Tensor:
    """Scores (N, K) among what a model gives: a tensor, the `logits` that it names, or the only thing that it gives.

    Raises
    ------
    ClassifierError
        If there are none, or it gives several tensors without saying which are the scores.
    """
    scores = output
    if isinstance(output, tuple | list) and len(output) == 1 and not hasattr(output, "logits"):
        scores = output[0]
    elif isinstance(output, Mapping) and len(output) == 1:
        scores = next(iter(output.values()))
    elif not isinstance(output, torch.Tensor):
        scores = output.get("logits") if isinstance(output, Mapping) else getattr(output, "logits", None)
    if not isinstance(scores, torch.Tensor) or scores.ndim != 2:
        shape = f" of shape {tuple(scores.shape)}" if isinstance(scores, torch.Tensor) else ""
        raise ClassifierError(
            f"the model gives a {type(output).__name__}{shape}, not scores (N, K)",
            "wrap it in a module that returns the scores of the classes alone",
        )
    return scores


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode, with every module's own flag put back afterwards."""
    flags = [(module, module.training) for module in model.modules() if module.training]
    if flags:
        model.eval()
    try:
        yield
    finally:
        for module, training in flags:
            module.training = training


@contextmanager
def frozen(model: nn.Module) -> Iterator[None]:
    """No gradients for parameters, so that a graph holds activations alone."""
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for parameter in trainable:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in trainable:
            parameter.requires_grad_(True)


@contextmanager
def replaced_forward(module: nn.Module, forward: Callable[..., torch.Tensor]) -> Iterator[None]:
    """Let a module compute something else within the context; its hooks stay in place."""
    original = module.__dict__.get("forward")
    module.__dict__["forward"] = forward
    try:
        yield
    finally:
        del module.__dict__["forward"]
        if original is not None:
            module.__dict__["forward"] = original
