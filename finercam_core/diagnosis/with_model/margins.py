"""The margin of a pair in pictures, and how many of them the classifier saw."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from finercam_core.diagnosis.alignment.specimen_pictures import Pixels
from finercam_core.explain import Classifier
from finercam_core.parts import NO_FOLD


class PairMargins:
    """Logit of one species less that of another, in prepared pictures.

    Parameters
    ----------
    classifier : Classifier
    a, b : str
    batch_size : int

    Attributes
    ----------
    passes : int
        Pictures that the classifier saw so far.
    """

    def __init__(self, classifier: Classifier, a: str, b: str, batch_size: int = 64) -> None:
        self.classifier, self.batch_size, self.passes = classifier, batch_size, 0
        self._pair = [classifier.index(a), classifier.index(b)]

    @torch.no_grad()
    def __call__(self, pictures: Sequence[Pixels], fold: int = NO_FOLD) -> npt.NDArray[np.float64]:
        """Margins of pictures uint8 (H, W, 3) in the size of the model's input, by a fold's head; float64 (n,)."""
        rows, model = [], self.classifier.for_fold(fold).model
        for start in range(0, len(pictures), self.batch_size):
            batch = self.classifier.preparation.normalise(np.stack(pictures[start : start + self.batch_size]))
            images = torch.from_numpy(batch).to(self.classifier.device, self.classifier.dtype)
            scores = model(images)[:, self._pair].double().cpu().numpy()
            rows.append(scores[:, 0] - scores[:, 1])
        self.passes += len(pictures)
        return np.concatenate(rows) if rows else np.zeros(0)
