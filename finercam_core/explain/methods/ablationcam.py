r"""Ablation-CAM: Desai and Ramaswamy, WACV 2020.

No gradients: a channel counts by what the score loses without it. With :math:`y_k^{(c)}` the score when channel c of
the layer is set to zero:

.. math:: E_k = \sum_c \big(y_k - y_k^{(c)}\big) A_c

The paper divides by :math:`y_k` (eq. 6). That only scales the map while the score is positive, makes it infinite at 0
and inverts it below; without the division the map is linear in the scores.

*Finer*: linear. One table of channels by classes, one pass of the tail per channel, serves every comparison. The map is
in units of the logit times the activation.
"""

import torch

from finercam_core.explain.methods.maps import Maps
from finercam_core.explain.routes import Classes, Route, chosen

PER_PASS = 64


@torch.no_grad()
def ablationcam(route: Route, images: torch.Tensor, classes: Classes) -> Maps:
    """Signed evidence (N, R, h, w) of each class in units of the logit times the activation.

    Parameters
    ----------
    route, images, classes
        See `finercam_core.explain.methods.by_gradient.by_gradient`.
    """
    cells, logits = route.forward(images)
    wanted = chosen(classes, logits)
    kept = torch.stack([_scores_without(route, *one) for one in zip(images, cells, wanted, strict=True)])
    loss = logits.gather(1, wanted)[:, :, None] - kept
    return Maps(torch.einsum("nrc,nchw->nrhw", loss, cells), logits, wanted)


def _scores_without(route: Route, image: torch.Tensor, cells: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Scores (R, C) of one image (3, H, W) without each of its channels (C, h, w)."""
    parts = []
    for channels in torch.split(torch.arange(len(cells), device=cells.device), PER_PASS):
        variants = cells.repeat(len(channels), 1, 1, 1)
        variants[torch.arange(len(channels)), channels] = 0
        # One image for many variants of its cells: the trunk runs once for all of them.
        parts.append(route.logits_with(image[None], variants)[:, classes])
    return torch.cat(parts).T
