"""Figures of maps from the scores of masked images; images that are alike are scored once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch

from finercam_core.evaluate.with_model.masked_pixels import filled
from finercam_core.explain import Classifier
from finercam_core.parts import NO_FOLD

Floats = npt.NDArray[np.float64]


def relative_drop(before: npt.ArrayLike, after: npt.ArrayLike) -> Floats:
    """Relative confidence drop, (p_c - p_c*) - (p_d - p_d*) (Zhang et al., Finer-CAM, section 4.2).

    Parameters
    ----------
    before, after : array (..., 2)
        Probabilities of the species c and of its rival d in the whole image and in the masked one.

    Returns
    -------
    float64 array (...); large where masking hurts the species and not its rival.
    """
    lost = np.asarray(before, np.float64) - np.asarray(after, np.float64)
    return np.asarray(lost[..., 0] - lost[..., 1])


def curve_area(values: npt.ArrayLike) -> Floats:
    """Area under equally spaced values (..., S + 1) from 0 to 1 by the trapezoid rule; float64 (...)."""
    curve = np.asarray(values, np.float64)
    return np.asarray(np.trapezoid(curve, dx=1 / (curve.shape[-1] - 1), axis=-1))


@dataclass(frozen=True)
class Cuts:
    """Where the order of the pixels is cut: at the shares of the drops, and at equal steps of the curves.

    Attributes
    ----------
    fractions : tuple of float
    steps : int
    pixels : int
        Of the model's input.
    """

    fractions: tuple[float, ...]
    steps: int
    pixels: int

    def _counts(self, shares: Sequence[float]) -> npt.NDArray[np.int64]:
        return np.asarray(np.rint(np.asarray(shares) * self.pixels), np.int64)

    @cached_property
    def inner(self) -> npt.NDArray[np.int64]:
        """Numbers of pixels at the inner steps of a curve."""
        return self._counts([i / self.steps for i in range(1, self.steps)])

    @cached_property
    def removed(self) -> npt.NDArray[np.int64]:
        """Different numbers of pixels that are removed: shares and steps that coincide need one image."""
        return np.unique(np.concatenate([self._counts(self.fractions), self.inner]))

    @property
    def images(self) -> int:
        """Masked images that one map needs; all maps share the whole image and the wholly masked one."""
        return len(self.removed) + len(self.inner)

    def masks(self, ranks: torch.Tensor) -> torch.Tensor:
        """Pixels to replace, bool (M, H, W): the top ones for each of `removed`, then all but the top for `inner`."""
        counts = [torch.from_numpy(c).to(ranks.device)[:, None, None] for c in (self.removed, self.inner)]
        return torch.cat([ranks[None] < counts[0], ranks[None] >= counts[1]])

    def figures(self, ends: Floats, scores: Floats) -> dict[str, float]:
        """Relative drops (drop_1 …), deletion and insertion of one map.

        Parameters
        ----------
        ends : array (2, 2)
            Probabilities of species and rival in the whole image and in the wholly masked one.
        scores : array (M, 2)
            The same in the images of `masks`.
        """
        taken, kept = np.split(scores, [len(self.removed)])
        drops = relative_drop(ends[0], taken[np.searchsorted(self.removed, self._counts(self.fractions))])
        falling = taken[np.searchsorted(self.removed, self.inner), 0]
        return {
            **{f"drop_{100 * f:g}": float(drop) for f, drop in zip(self.fractions, drops, strict=True)},
            "deletion": float(curve_area([ends[0, 0], *falling, ends[1, 0]])),
            "insertion": float(curve_area([ends[1, 0], *kept[:, 0], ends[0, 0]])),
        }


class MaskedScores:
    """Probabilities of a species and its rival in masked images, with a count of the images that the model saw.

    Parameters
    ----------
    classifier : Classifier
    fill : str
        What masked pixels become, see `masked_pixels.filled`.
    batch_size : int
    """

    def __init__(self, classifier: Classifier, fill: str, batch_size: int) -> None:
        self.classifier, self.fill, self.batch_size, self.count = classifier, fill, batch_size, 0

    @torch.no_grad()
    def __call__(self, image: torch.Tensor, gone: torch.Tensor, pair: Sequence[int], fold: int = NO_FOLD) -> Floats:
        """Probabilities, float64 (M, 2), of an image (1, 3, H, W) under masks (M, H, W), by the head of its fold."""
        model, rows = self.classifier.for_fold(fold).model, []
        for part in torch.split(gone, self.batch_size):
            masked = filled(image.expand(len(part), -1, -1, -1), part, self.fill)
            rows.append(model(masked).float().softmax(1)[:, list(pair)])
        self.count += len(gone)
        return torch.cat(rows).double().cpu().numpy()
