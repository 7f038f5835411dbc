"""What a store asks of the model for every specimen: the method, its γ, and how the references are chosen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from finercam_core.errors import ComparisonError
from finercam_core.explain.model.classifier import Classifier
from finercam_core.finer import gamma_for
from finercam_core.store import Chunk
from finercam_core.store.reader import Store
from finercam_core.strengths import GAMMA

ClassTable = npt.NDArray[np.int64]


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
        References per image.
    never : sequence of int
        Classes that are never references, such as those that do not name a species ("sp.", hybrids).

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


@dataclass(frozen=True)
class EvidenceRequest:
    """How the specimens of one store are explained.

    Parameters
    ----------
    method : str
        Base method.
    gamma : float
        Strength of the comparison that the store was planned with, for methods that are not linear in the scores.
    per_image : bool
        Whether each image chooses its own references, by its scores.
    never : tuple of int
        Classes that are never references of an image.
    """

    method: str = "gradcam"
    gamma: float = GAMMA
    per_image: bool = False
    never: tuple[int, ...] = ()

    @classmethod
    def of(cls, store: Store, classifier: Classifier) -> "EvidenceRequest":
        """The request that a store's provenance describes."""
        never = tuple(classifier.index(name) for name in store.provenance.never_references)
        gamma = gamma_for(store.provenance.compared_at)
        return cls(store.provenance.method, gamma, store.provenance.per_image, never)

    def classes(self, table: ClassTable) -> ClassTable | Callable[[torch.Tensor], torch.Tensor]:
        """Classes for `explain` of specimens with the rows of a table (N, 1 + R): the species, then its references."""
        if not self.per_image or not len(table):
            return table
        return NearestLogits([int(k) for k in table[:, 0]], table.shape[1] - 1, self.never)

    def class_indices(self, store: Store, chunk: Chunk, classifier: Classifier) -> list[int]:
        """Indices in the classifier of a species and its references, in the order that its group has them.

        Where each image has its own references, the species stands at their places until the image is seen.
        """
        names = store.classes_in(chunk.group)
        return [classifier.index(name) for name in (names[:1] * len(names) if self.per_image else names)]
