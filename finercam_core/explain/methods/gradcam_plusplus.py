r"""Grad-CAM++: Chattopadhay et al., WACV 2018, arXiv 1710.11063.

Positive gradients alone count, each with a weight of its own (eq. 19 and 7, for an exponential of the score). With
:math:`g_{cij} = \partial y / \partial A_{cij}`:

.. math:: M = \sum_c w_c A_c, \qquad w_c = \sum_{ij} α_{cij} \mathrm{ReLU}(g_{cij}), \qquad
          α_{cij} = \frac{g_{cij}^2}{2 g_{cij}^2 + g_{cij}^3 \sum_{ab} A_{cab}}
                  = \frac{1}{2 + g_{cij} \sum_{ab} A_{cab}}

The right form needs no ε, which in other implementations (:math:`10^{-6}` beside :math:`g^2`) decides the map wherever
gradients are below a thousandth. The paper has activations behind a ReLU in mind; the sum of a channel counts as 0
where it is negative, so that the pole at :math:`g \sum A = -2` is never met.

*Finer*: not linear in the scores. The gradients are those of the comparison :math:`y_c - γ y_d`, so that a channel
counts where it speaks more for the species than for its look-alike; a map of each comparison is stored.
"""

import torch


def gradcam_plusplus(gradient: torch.Tensor, activation: torch.Tensor) -> torch.Tensor:
    """Signed map (r, N, h, w) from activations (N, C, h, w) and gradients (r, N, C, h, w) of r comparisons."""
    positive = gradient.clamp(min=0)
    total = activation.sum(dim=(2, 3), keepdim=True).clamp(min=0)
    weight = (positive / (2 + positive * total)).sum(dim=(3, 4))
    return torch.einsum("rnc,nchw->rnhw", weight, activation)
