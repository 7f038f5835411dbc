"""What a store asks of the model for every specimen: the method, its γ, and who chooses the references."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from finercam_core.explain.classifier import Classifier
from finercam_core.explain.nearest import NearestLogits
from finercam_core.finer import GAMMA
from finercam_core.store import Chunk
from finercam_core.store.read import Store

Table = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Question:
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
    def of(cls, store: Store, classifier: Classifier, method: str) -> "Question":
        """What a store's provenance says."""
        references = store.provenance.get("references", {})
        never = tuple(classifier.index(name) for name in references.get("never", ()))
        gamma = float(store.provenance.get("gamma", GAMMA))
        return cls(method, gamma, bool(references.get("per_image")), never)

    def classes(self, table: Table) -> Table | Callable[[torch.Tensor], torch.Tensor]:
        """What `explain` takes for specimens with the rows of a table (N, 1 + R): species first, then references."""
        if not self.per_image or not len(table):
            return table
        return NearestLogits([int(k) for k in table[:, 0]], table.shape[1] - 1, self.never)

    def class_indices(self, store: Store, chunk: Chunk, classifier: Classifier) -> list[int]:
        """Indices in the classifier of a species and its references, in the order that its group has them.

        Where each image has its own references, the species stands at their places until the image is seen.
        """
        names = store.classes_in(chunk.group)
        return [classifier.index(name) for name in (names[:1] * len(names) if self.per_image else names)]
