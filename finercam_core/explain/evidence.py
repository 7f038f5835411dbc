"""Evidence maps: one forward pass an image, whatever the number of classes."""

from dataclasses import dataclass

import numpy.typing as npt
import torch

from finercam_core.errors import ClassifierError
from finercam_core.explain.classifier import Classifier


@dataclass(frozen=True)
class Explanation:
    """What one forward pass gives.

    Attributes
    ----------
    evidence : float32 tensor (N, R, h, w)
        Signed evidence maps of the classes asked for, in units of the logit.
    logits : float32 tensor (N, K)
        Scores of all classes.
    """

    evidence: torch.Tensor
    logits: torch.Tensor


def explain(
    classifier: Classifier, images: npt.ArrayLike | torch.Tensor, classes: npt.ArrayLike, *, method: str = "gradcam"
) -> Explanation:
    r"""Evidence of classes and the scores of all classes.

    Parameters
    ----------
    classifier : Classifier
    images : array or tensor (N, 3, H, W)
        Prepared images, `Preparation.normalise`.
    classes : int array (N, R)
        For each image the classes to explain, usually its species and then the references.
    method : {"gradcam"}
        Base method. Its evidence is :math:`E_k = N \sum_c α_{kc} A_c`, see `finercam_core.explain.routes`.

    Returns
    -------
    Explanation; values that are not finite are passed on for the caller to judge.

    Raises
    ------
    ClassifierError
        If the method is unknown, or the classes do not fit the images.
    """
    if method != "gradcam":
        raise ClassifierError(f"unknown base method {method!r}", "use gradcam")
    pixels = torch.as_tensor(images).to(classifier.device, classifier.dtype, non_blocking=True)
    wanted = torch.as_tensor(classes, dtype=torch.long, device=classifier.device)
    if wanted.ndim != 2 or len(wanted) != len(pixels):
        raise ClassifierError(f"classes of shape {tuple(wanted.shape)} for {len(pixels)} images", "give (N, R)")
    maps, logits = classifier.route.explain(pixels, wanted)
    return Explanation(maps, logits.float())


def evidence(classifier: Classifier, images: npt.ArrayLike | torch.Tensor, classes: npt.ArrayLike) -> torch.Tensor:
    """Signed Grad-CAM evidence maps, float32 (N, R, h, w), of classes (N, R) of prepared images; see `explain`."""
    return explain(classifier, images, classes).evidence
