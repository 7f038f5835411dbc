"""Gradients of classes with respect to the target layer, a few classes at a time."""

from collections.abc import Iterator

import torch

from finercam_core.explain.routes.base import Reduce

# Classes times images that one backward pass handles: enough to keep a device busy, and little memory.
TOGETHER = 32


def class_gradients(
    logits: torch.Tensor, leaf: torch.Tensor, classes: torch.Tensor, *, together: int = TOGETHER
) -> Iterator[torch.Tensor]:
    r"""Yield :math:`\partial y_k/\partial A` of the columns of `classes` (N, R), some columns at a time, (r, N, …).

    Images are independent, so that the r-th class of every image shares one backward pass, and up to `together` pairs
    of an image and a class do.
    """
    picked = logits.gather(1, classes)
    step = max(1, together // len(classes))
    columns = range(picked.shape[1])
    for first in range(0, len(columns), step):
        last = first + step >= len(columns)
        chosen = columns[first : first + step]
        if len(chosen) == 1:
            (found,) = torch.autograd.grad(picked[:, chosen[0]].sum(), leaf, retain_graph=not last)
            yield found[None]
        else:
            some = picked[:, first : first + step]
            seeds = torch.eye(len(chosen), device=some.device, dtype=some.dtype)[:, None].expand(-1, len(some), -1)
            (found,) = torch.autograd.grad(some, leaf, seeds, is_grads_batched=True, retain_graph=not last)
            yield found


def collect(parts: Iterator[torch.Tensor], activation: torch.Tensor, reduce: Reduce | None) -> torch.Tensor:
    """Gradients (R, N, C, h, w), or what `reduce` makes of them as they come."""
    return torch.cat([part if reduce is None else reduce(part, activation) for part in parts])
