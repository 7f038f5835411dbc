r"""Grad-CAM: Selvaraju et al., "Grad-CAM: visual explanations from deep networks", ICCV 2017, arXiv 1610.02391.

With A the target layer's output on N cells (i, j), channels c, and :math:`y_k` the score of class k (eq. 1 and 2,
before the ReLU, times N):

.. math:: E_k = N \sum_c α_{kc} A_c, \qquad α_{kc} = \frac{1}{N}\sum_{ij}\frac{\partial y_k}{\partial A_{cij}}

*Finer*: linear in the scores, so that :math:`E_c - γ E_d` is the map of :math:`y_c - γ y_d`. The factor N makes the
mean of E over the cells the score without its bias, where the layer is pooled by its mean and the head is linear.
"""

import torch


def gradcam(gradient: torch.Tensor, activation: torch.Tensor) -> torch.Tensor:
    """Signed evidence (r, N, h, w) from activations (N, C, h, w) and gradients (r, N, C, h, w) of r scores."""
    return torch.einsum("rnc,nchw->rnhw", gradient.sum(dim=(3, 4)), activation)
