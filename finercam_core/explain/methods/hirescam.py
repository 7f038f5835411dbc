r"""HiResCAM: Draelos and Carin, "Use HiResCAM instead of Grad-CAM", 2020, arXiv 2011.08891.

The gradients are not averaged over the cells first, so that each cell counts with its own (eq. 4, times N cells):

.. math:: E_k = N \sum_c \frac{\partial y_k}{\partial A_c} ⊙ A_c

*Finer*: linear in the scores, as Grad-CAM; equal to it where the gradients are the same in all cells, that is where
the layer is pooled by its mean right before a linear head.
"""

import torch


def hirescam(gradient: torch.Tensor, activation: torch.Tensor) -> torch.Tensor:
    """Signed evidence (r, N, h, w) from activations (N, C, h, w) and gradients (r, N, C, h, w) of r scores."""
    cells = activation.shape[2] * activation.shape[3]
    return cells * torch.einsum("rnchw,nchw->rnhw", gradient, activation)
