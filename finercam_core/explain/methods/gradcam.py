r"""Grad-CAM: Selvaraju et al., "Grad-CAM: visual explanations from deep networks", ICCV 2017, arXiv 1610.02391.

With A the target layer's output on N cells (i, j), channels c, and :math:`y_k` the score of class k (eq. 1 and 2,
before the ReLU, times N):

.. math:: E_k = N \sum_c α_{kc} A_c, \qquad α_{kc} = \frac{1}{N}\sum_{ij}\frac{\partial y_k}{\partial A_{cij}}

*Finer*: linear in the scores, so that :math:`E_c - γ E_d` is the map of :math:`y_c - γ y_d`. The factor N makes the
mean of E over the cells the score without its bias, where the layer is pooled by its mean and the head is linear.
"""

import torch


def gradcam(activation: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """Signed evidence (N, h, w) from activations and a score's gradients (N, C, h, w)."""
    return torch.einsum("nc,nchw->nhw", gradient.sum(dim=(2, 3)), activation)
