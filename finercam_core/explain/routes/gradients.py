"""Gradients of classes with respect to the target layer, a few classes at a time."""

from collections.abc import Iterator

import torch

from finercam_core.explain.routes.base import Reduce, full

# Classes times images that one backward pass handles: enough to keep a device busy, and little memory.
TOGETHER = 32


def class_gradients(
    logits: torch.Tensor, leaf: torch.Tensor, classes: torch.Tensor, *, together: int = TOGETHER, scale: float = 1.0
) -> Iterator[torch.Tensor]:
    r"""Yield :math:`\partial y_k/\partial A` of the columns of `classes` (N, R), some columns at a time, (r, N, …).

    Images are independent, so that the r-th class of every image shares one backward pass, and up to `together` pairs
    of an image and a class do. While they are in the model's precision, gradients are larger by `scale`; they are given
    as at least float32, without it.
    """
    with torch.inference_mode(False), torch.enable_grad():
        picked = logits.gather(1, classes) * scale
    step, count = max(1, together // len(classes)), picked.shape[1]
    for first in range(0, count, step):
        with torch.inference_mode(False), torch.enable_grad():
            some = picked[:, first : first + step]
        yield full(_gradient(some, leaf, keep=first + step < count)) / scale


@torch.inference_mode(mode=False)
def _gradient(some: torch.Tensor, leaf: torch.Tensor, *, keep: bool) -> torch.Tensor:
    """Gradients (r, N, …) of each column of `some` (N, r)."""
    if some.shape[1] == 1:
        (found,) = torch.autograd.grad(some, leaf, torch.ones_like(some), retain_graph=keep)
        return found[None]
    seeds = torch.eye(some.shape[1], device=some.device, dtype=some.dtype)[:, None].expand(-1, len(some), -1)
    (found,) = torch.autograd.grad(some, leaf, seeds, is_grads_batched=True, retain_graph=keep)
    return found


def collect(parts: Iterator[torch.Tensor], activation: torch.Tensor, reduce: Reduce | None) -> torch.Tensor:
    """Gradients (R, N, C, h, w), or what `reduce` makes of them as they come."""
    return torch.cat([part if reduce is None else reduce(part, activation) for part in parts])
