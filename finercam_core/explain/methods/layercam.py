r"""LayerCAM: Jiang et al., IEEE Transactions on Image Processing 30, 2021, doi 10.1109/TIP.2021.3089943.

Each cell of each channel counts with its own positive gradient (eq. 5 and 6, times N cells):

.. math:: M = N \sum_c \mathrm{ReLU}\Big(\frac{\partial y}{\partial A_c}\Big) ⊙ A_c

*Finer*: not linear in the scores because of the ReLU inside. The gradient is that of the comparison
:math:`y_c - γ y_d`; a map of each comparison is stored.
"""

import torch


def layercam(gradient: torch.Tensor, activation: torch.Tensor) -> torch.Tensor:
    """Signed map (r, N, h, w) from activations (N, C, h, w) and gradients (r, N, C, h, w) of r comparisons."""
    cells = activation.shape[2] * activation.shape[3]
    return cells * torch.einsum("rnchw,nchw->rnhw", gradient.clamp(min=0), activation)
