r"""Score-CAM: Wang et al., CVPR workshops 2020, arXiv 1910.01279.

No gradients: the image X is seen through each channel of the layer, scaled to [0, 1] and enlarged to the image
(:math:`H_c`), and a channel counts by the score that is left (algorithm 1):

.. math:: M = \sum_c w_c A_c, \qquad w = \mathrm{softmax}_c\big(y(X ⊙ H_c)\big)

The paper first subtracts the score of the empty image; the softmax does not depend on it, as it is the same for all
channels.

*Finer*: one table of channels by classes, one forward pass per channel, serves every comparison: the score is
:math:`y_c(X ⊙ H) - γ y_d(X ⊙ H)`. The softmax makes it non-linear, so a map of each comparison is stored. All weights
are positive: what the look-alike has more of fades, and is negative only where the activations are.
"""

from collections.abc import Iterator

import torch
from torch.nn.functional import interpolate

from finercam_core.explain.methods.maps import Maps
from finercam_core.explain.routes import Classes, Route, chosen

PER_PASS = 32


@torch.no_grad()
def scorecam(route: Route, images: torch.Tensor, classes: Classes, gamma: float) -> Maps:
    """Signed maps (N, R, h, w) in units of the activation: of the first class alone, then against each of the others.

    Parameters
    ----------
    route, images, classes, gamma
        See `finercam_core.explain.methods.by_gradient.by_gradient`.
    """
    cells, logits = route.forward(images)
    wanted = chosen(classes, logits)
    scores = torch.stack([_channel_scores(route, *one) for one in zip(images, cells, wanted, strict=True)])
    compared = scores[:, :1] - gamma * scores
    compared[:, 0] = scores[:, 0]
    return Maps(torch.einsum("nrc,nchw->nrhw", compared.softmax(dim=2), cells), logits, wanted)


def _channel_scores(route: Route, image: torch.Tensor, cells: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Scores (R, C) of one image (3, H, W) seen through each of its channels (C, h, w)."""
    parts = [
        route.forward(image * mask.to(image.dtype))[1][:, classes]
        for mask in _masks(cells, (int(image.shape[1]), int(image.shape[2])))
    ]
    return torch.cat(parts).T


def _masks(cells: torch.Tensor, size: tuple[int, int]) -> Iterator[torch.Tensor]:
    """Channels as masks (B, 1, H, W) in [0, 1], some at a time; a channel without contrast hides everything."""
    for part in torch.split(cells, PER_PASS):
        large = interpolate(part[:, None], size, mode="bilinear", align_corners=True)
        low, high = large.amin(dim=(2, 3), keepdim=True), large.amax(dim=(2, 3), keepdim=True)
        yield (large - low) / torch.where(high > low, high - low, 1.0)
