r"""XGrad-CAM: Fu et al., "Axiom-based Grad-CAM", BMVC 2020, arXiv 2008.02312.

Gradients are averaged with the activations as weights (eq. 8, times N cells):

.. math:: E_k = N \sum_c α_{kc} A_c, \qquad
          α_{kc} = \sum_{ij} \frac{A_{cij}}{\sum_{ab} A_{cab}} \frac{\partial y_k}{\partial A_{cij}}

*Finer*: linear in the scores, since the weights do not depend on them. The paper has activations behind a ReLU in mind,
whose sum is zero only where they all are. In layers with both signs a sum can nearly cancel and the quotient explodes:
a channel whose sum is below a thousandth of its absolute sum takes the plain mean of the gradients, as Grad-CAM.
"""

import torch

_CANCELLED = 1e-3


def xgradcam(gradient: torch.Tensor, activation: torch.Tensor) -> torch.Tensor:
    """Signed evidence (r, N, h, w) from activations (N, C, h, w) and gradients (r, N, C, h, w) of r scores."""
    total, size = activation.sum(dim=(2, 3)), activation.abs().sum(dim=(2, 3))
    cells = activation.shape[2] * activation.shape[3]
    safe = total.abs() > _CANCELLED * size
    weighted = torch.einsum("rnchw,nchw->rnc", gradient, activation) / torch.where(safe, total, 1.0)
    alpha = torch.where(safe, weighted, gradient.mean(dim=(3, 4)))
    return cells * torch.einsum("rnc,nchw->rnhw", alpha, activation)
