r"""Ablation-CAM: Desai and Ramaswamy, WACV 2020.

No gradients: a channel counts by what the score loses without it. With :math:`y_k^{(c)}` the score when channel c of
the layer is set to zero:

.. math:: E_k = \sum_c \big(y_k - y_k^{(c)}\big) A_c

The paper divides by :math:`y_k` (eq. 6). That only scales the map while the score is positive, makes it endless at 0
and turns it round below; without the division the map is linear in the scores.

*Finer*: linear. One table of channels by classes, a pass of the tail a channel, serves every comparison. The map is in
units of the logit times the activation.
"""

import torch

from finercam_core.explain.methods.model_pass import Choose, Maps, scores_with
from finercam_core.explain.routes import Route, forward_to

PER_PASS = 64


@torch.no_grad()
def ablationcam(route: Route, images: torch.Tensor, choose: Choose) -> Maps:
    """Signed evidence (N, R, h, w) of each class in units of the logit times the activation.

    Parameters
    ----------
    route, images, choose
        See `finercam_core.explain.methods.by_gradient.by_gradient`.
    """
    activation, logits = forward_to(route.model, route.layer, images)
    classes = choose(logits)
    cells = route.to_grid(activation).float()
    kept = torch.stack([_scores_without(route, *one) for one in zip(images, classes, strict=True)])
    loss = logits.gather(1, classes).float()[:, :, None] - kept
    return Maps(torch.einsum("nrc,nchw->nrhw", loss, cells), logits, classes)


def _scores_without(route: Route, image: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Scores (R, C) of one image (3, H, W) without each of the layer's channels."""
    parts: list[torch.Tensor] = []
    channels = 1
    while sum(map(len, parts)) < channels:
        first = sum(map(len, parts))

        def ablate(output: torch.Tensor, first: int = first) -> torch.Tensor:
            # The tail sees one variant of the layer's output a channel; the trunk runs once for all of them.
            nonlocal channels
            axis = 2 if output.ndim == 3 else (3 if route.channels_last else 1)
            channels = output.shape[axis]
            count = min(PER_PASS, channels - first)
            variants = output.expand(count, *output.shape[1:]).clone()
            for i in range(count):
                variants[i].select(axis - 1, first + i)[..., route.prefix if output.ndim == 3 else 0 :] = 0
            return variants

        parts.append(scores_with(route, image[None], ablate)[:, classes].float())
    return torch.cat(parts).T
