r"""Maps of several target layers as one.

With :math:`E_k^l` the evidence of class k at layer l, and U the bilinear resampling to the finest of the layers' grids:

.. math:: E_k = \frac{1}{L} \sum_l U(E_k^l)

Evidence is in units of the logit at every layer, so that none has to be scaled, and the mean is linear in the scores as
its terms are. (Libraries that scale each layer's map to [0, 1] before the mean give up both.) Maps that are finished
comparisons are fused in the same way.
"""

from collections.abc import Sequence

import torch
from torch.nn.functional import interpolate

from finercam_core.explain.methods import Maps


def fused(layers: Sequence[Maps]) -> Maps:
    """Mean of the maps (N, R, h, w) of several layers on the finest of their grids; scores and classes of the first."""
    first = layers[0]
    if len(layers) == 1:
        return first
    grid = max((tuple(one.maps.shape[2:]) for one in layers), key=lambda sides: sides[0] * sides[1])
    resampled = [
        one.maps if tuple(one.maps.shape[2:]) == grid else interpolate(one.maps, grid, mode="bilinear")
        for one in layers
    ]
    return Maps(torch.stack(resampled).mean(dim=0), first.logits, first.classes)
