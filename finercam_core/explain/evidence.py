r"""Evidence maps: one forward pass per image, whatever the number of classes, fused where there are several layers.

With :math:`E_k^l` the evidence of class k at layer l, and U the bilinear resampling to the finest of the layers' grids:

.. math:: E_k = \frac{1}{L} \sum_l U(E_k^l)

Evidence is in units of the logit at every layer, so that no layer has to be scaled, and the mean is linear in the
scores as its terms are. (Libraries that scale each layer's map to [0, 1] before the mean give up both.) Finished
comparisons are fused in the same way.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy.typing as npt
import torch
from torch.nn.functional import interpolate

from finercam_core.base_methods import base_method
from finercam_core.errors import ClassifierError, ComparisonError
from finercam_core.explain.methods import Maps, maps_of
from finercam_core.explain.model.classifier import Classifier
from finercam_core.finer import require_finite
from finercam_core.strengths import GAMMA


def fused(layers: Sequence[Maps]) -> Maps:
    """Mean of the maps (N, R, h, w) of several layers on the finest of their grids; scores and classes of the first."""
    first = layers[0]
    if len(layers) == 1:
        return first
    grid = max((tuple(layer.maps.shape[2:]) for layer in layers), key=lambda sides: sides[0] * sides[1])
    resampled = [
        layer.maps if tuple(layer.maps.shape[2:]) == grid else interpolate(layer.maps, grid, mode="bilinear")
        for layer in layers
    ]
    return Maps(torch.stack(resampled).mean(dim=0), first.logits, first.classes)


Classes = npt.ArrayLike | Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Explanation:
    """Evidence and scores of images from one forward pass.

    Attributes
    ----------
    evidence : tensor (N, R, h, w), float32, or float64 from a model in double precision
        Signed evidence maps of the classes asked for, in units of the logit. For methods that are not linear in the
        scores the finished signed comparisons: of the first class alone, then against each of the others.
    logits : tensor (N, K), as precise
        Scores of all classes.
    classes : int64 tensor (N, R)
        The classes that the maps are of.
    """

    evidence: torch.Tensor
    logits: torch.Tensor
    classes: torch.Tensor


def explain(
    classifier: Classifier,
    images: npt.ArrayLike | torch.Tensor,
    classes: Classes,
    *,
    method: str = "gradcam",
    gamma: float = GAMMA,
) -> Explanation:
    r"""Evidence of classes and the scores of all classes, with one forward pass per image.

    For Grad-CAM (Selvaraju et al., ICCV 2017, eq. 1 and 2, without the ReLU and times the number of cells N), with A
    the target layer's output and :math:`y_k` the score of class k:

    .. math:: E_k = N \sum_c α_{kc} A_c, \qquad α_{kc} = \frac{1}{N}\sum_{ij}\frac{\partial y_k}{\partial A_{cij}}

    What Finer-CAM makes of it (Zhang et al., CVPR 2025, eq. 4) is in `finercam_core.finer`.

    Parameters
    ----------
    classifier : Classifier
    images : array or tensor (N, 3, H, W)
        Prepared images, `Preparation.normalise`: any float type, which becomes the model's, and the model's range.
    classes : int array (N, R), or callable
        For each image the classes to explain, from 0 to K - 1: its species, then the references; or a function that
        chooses them from the scores (N, K), such as `finercam_core.explain.engine.request.NearestLogits`.
    method : str
        Base method, one of `finercam_core.base_methods.BASE_METHODS`; formulas in `finercam_core.explain.methods`.
    gamma : float
        Strength of the comparison, any finite number; used by methods that are not linear in the scores alone.
        Evidence of the linear ones serves every γ later, see `finercam_core.finer`.

    Returns
    -------
    Explanation; values that are not finite are passed on for the caller to judge.

    Raises
    ------
    ComparisonError
        If the method is unknown, or ignores the class, so that nothing can be compared; if γ is not finite; or if an
        image's first class is one of its references as well.
    ClassifierError
        If the classes do not fit the images, or the classifier has no such class.
    """
    base = base_method(method)
    require_finite(gamma)
    pixels = torch.as_tensor(images).to(classifier.device, classifier.dtype, non_blocking=True)
    wanted = classes if callable(classes) else _checked(classes, len(pixels), classifier).to(classifier.device)
    routes = (classifier.route,) if base.name == "random" else classifier.routes
    layers: list[Maps] = []
    for route in routes:
        layers.append(maps_of(base, route, pixels, wanted, gamma))
        wanted = layers[0].classes
    return Explanation(*fused(layers))


def _checked(classes: npt.ArrayLike, images: int, classifier: Classifier) -> torch.Tensor:
    """Classes (N, R) as a tensor, if the classifier has them all and no image is compared with its own class."""
    # Checked before they are moved: to look at values on a GPU is to wait for it.
    wanted = torch.as_tensor(classes, dtype=torch.long)
    if wanted.ndim != 2 or len(wanted) != images:
        raise ClassifierError(f"classes of shape {tuple(wanted.shape)} for {images} images", "give (N, R)")
    count = len(classifier.species)
    unknown = wanted[(wanted < 0) | (wanted >= count)]
    if len(unknown):
        raise ClassifierError(
            f"there is no class {int(unknown[0])}", f"the classifier has the classes 0 to {count - 1}"
        )
    same = (wanted[:, 1:] == wanted[:, :1]).any(dim=1).nonzero()
    if len(same):
        row = int(same[0])
        name = classifier.species[int(wanted[row, 0])]
        raise ComparisonError(f"image {row} compares {name!r} with itself", "give other classes as references")
    return wanted


def evidence(
    classifier: Classifier, images: npt.ArrayLike | torch.Tensor, classes: Classes, *, method: str = "gradcam"
) -> torch.Tensor:
    """Signed evidence maps, (N, R, h, w), at least float32, of classes (N, R) of prepared images; see `explain`."""
    return explain(classifier, images, classes, method=method).evidence
