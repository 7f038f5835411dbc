"""The result of every base method."""

from typing import NamedTuple

import torch


class Maps(NamedTuple):
    """Maps of a base method, with the scores of the same pass.

    Attributes
    ----------
    maps : tensor (N, R, h, w), at least float32
        Signed evidence of each class; for methods that are not linear in the scores the signed map of the first class
        alone, then of its comparison with each of the others.
    logits : tensor (N, K), at least float32
        Scores of all classes.
    classes : int64 tensor (N, R)
        The classes that the maps are of.
    """

    maps: torch.Tensor
    logits: torch.Tensor
    classes: torch.Tensor
