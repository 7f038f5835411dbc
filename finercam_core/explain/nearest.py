"""References of each image by itself: the classes whose scores come next, as the paper chooses them."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from finercam_core.errors import ComparisonError


@dataclass(frozen=True)
class NearestLogits:
    """Chooses, for each image, the classes whose scores are nearest to its species' own.

    The rule is the paper's (Zhang et al., CVPR 2025, section 3.3): the look-alikes of an image are the classes with the
    smallest :math:`|y_d - y_c|`; ties go to the lower class number.

    Parameters
    ----------
    targets : sequence of int
        Class of the species of each image.
    count : int
        References an image.
    never : sequence of int
        Classes that are never references, such as those that are no species ("sp.", hybrids).

    Raises
    ------
    ComparisonError
        When called, if fewer than `count` classes are left to choose from.
    """

    targets: Sequence[int]
    count: int
    never: Sequence[int] = ()

    def __call__(self, logits: torch.Tensor) -> torch.Tensor:
        """From scores (N, K) to classes (N, 1 + count): the species, then its references, nearest first."""
        own = torch.as_tensor(self.targets, dtype=torch.long, device=logits.device)[:, None]
        distance = (logits.float() - logits.float().gather(1, own)).abs()
        # Scores that are not numbers come last; the maps of such an image are judged by whoever writes them.
        distance = distance.nan_to_num(nan=torch.finfo(torch.float32).max, posinf=torch.finfo(torch.float32).max)
        distance = distance.scatter(1, own, torch.inf)
        if len(self.never):
            distance[:, torch.as_tensor(self.never, dtype=torch.long, device=logits.device)] = torch.inf
        free = int(torch.isfinite(distance).sum(dim=1).min())
        if free < self.count:
            raise ComparisonError(f"{self.count} references of {free} classes", "ask for fewer references")
        nearest = distance.argsort(dim=1, stable=True)[:, : self.count]
        return torch.cat([own, nearest], dim=1)
