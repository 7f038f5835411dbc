"""Gradients of classes with respect to the target layer, a few classes at a time."""

from collections.abc import Iterator

import torch

from finercam_core.explain.routes.base import Reduce, full

# Pairs of an image and a class per backward pass: enough to keep a device busy, and little memory.
PAIRS_PER_PASS = 32


def class_gradients(
    logits: torch.Tensor,
    leaf: torch.Tensor,
    classes: torch.Tensor,
    *,
    pairs_per_pass: int = PAIRS_PER_PASS,
    scale: float = 1.0,
) -> Iterator[torch.Tensor]:
    r"""Yield :math:`\partial y_k/\partial A` of the columns of `classes` (N, R), some columns at a time, (r, N, …).

    Images are independent, so that the r-th classes of all images share one backward pass, as do up to
    `pairs_per_pass` pairs of an image and a class. While gradients are in the model's precision, they are multiplied by
    `scale`; what is yielded is at least float32 and without that factor.
    """
    with torch.inference_mode(False), torch.enable_grad():
        picked = logits.gather(1, classes) * scale
    step, count = max(1, pairs_per_pass // len(classes)), picked.shape[1]
    for first in range(0, count, step):
        with torch.inference_mode(False), torch.enable_grad():
            scores = picked[:, first : first + step]
        yield full(_gradient(scores, leaf, keep=first + step < count)) / scale


@torch.inference_mode(mode=False)
def _gradient(scores: torch.Tensor, leaf: torch.Tensor, *, keep: bool) -> torch.Tensor:
    """Gradients (r, N, …) of each column of `scores` (N, r)."""
    columns = scores.shape[1]
    if columns == 1:
        (gradient,) = torch.autograd.grad(scores, leaf, torch.ones_like(scores), retain_graph=keep)
        return gradient[None]
    seeds = torch.eye(columns, device=scores.device, dtype=scores.dtype)[:, None].expand(-1, len(scores), -1)
    (gradients,) = torch.autograd.grad(scores, leaf, seeds, is_grads_batched=True, retain_graph=keep)
    return gradients


def collect(parts: Iterator[torch.Tensor], activation: torch.Tensor, reduce: Reduce | None) -> torch.Tensor:
    """Gradients (R, N, C, h, w), or what `reduce` makes of them as they come."""
    return torch.cat([part if reduce is None else reduce(part, activation) for part in parts])
