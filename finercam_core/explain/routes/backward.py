"""Gradients of classes with respect to the target layer, a few classes at a time."""

from collections.abc import Iterator

import torch

from finercam_core.explain.routes.base import Reduce

# Classes times images that one backward pass handles: enough to keep a device busy, and little memory.
TOGETHER = 32


def class_gradients(
    logits: torch.Tensor, leaf: torch.Tensor, classes: torch.Tensor, *, vectorised: bool
) -> Iterator[torch.Tensor]:
    r"""Yield :math:`\partial y_k/\partial A` of the columns of `classes` (N, R), some columns at a time, (r, N, …).

    Images are independent, so that the r-th class of every image shares one backward pass.
    """
    picked = logits.gather(1, classes)
    together = max(1, TOGETHER // len(classes)) if vectorised else 1
    columns = range(picked.shape[1])
    for first in range(0, len(columns), together):
        last = first + together >= len(columns)
        chosen = columns[first : first + together]
        if len(chosen) == 1:
            (found,) = torch.autograd.grad(picked[:, chosen[0]].sum(), leaf, retain_graph=not last)
            yield found[None]
        else:
            some = picked[:, first : first + together]
            seeds = torch.eye(len(chosen), device=some.device, dtype=some.dtype)[:, None].expand(-1, len(some), -1)
            (found,) = torch.autograd.grad(some, leaf, seeds, is_grads_batched=True, retain_graph=not last)
            yield found


def collect(parts: Iterator[torch.Tensor], activation: torch.Tensor, reduce: Reduce | None) -> torch.Tensor:
    """Gradients (R, N, C, h, w), or what `reduce` makes of them as they come."""
    return torch.cat([part if reduce is None else reduce(part, activation) for part in parts])
