"""The same task in other libraries: a map of each of K comparisons for every image of a batch.

Each is used as its documentation says, except that the parameters are frozen for pytorch-grad-cam, which would
otherwise compute a gradient for each of them.
"""

import contextlib
import io
import warnings
from collections.abc import Callable

import torch

from finercam_core.explain import Classifier
from finercam_core.explain.model.capture import frozen
from finercam_core.strengths import GAMMA

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from captum.attr import LayerGradCam
    from pytorch_grad_cam import FinerCAM
    from pytorch_grad_cam.utils.model_targets import FinerWeightedTarget
    from torchcam.methods import FinerCAM as TorchFinerCAM

Work = Callable[[Classifier, torch.Tensor, torch.Tensor], object]


def grad_cam_each(classifier: Classifier, images: torch.Tensor, classes: torch.Tensor) -> None:
    """pytorch-grad-cam: FinerCAM once per reference, each time a pass through the whole model and back."""
    for k in range(1, classes.shape[1]):
        grad_cam_together(classifier, images, classes[:, [0, k]])


def grad_cam_together(classifier: Classifier, images: torch.Tensor, classes: torch.Tensor) -> None:
    """pytorch-grad-cam: one map against all references together, from which none can be removed later."""
    rows = classes.tolist()
    targets = [FinerWeightedTarget(row[0], row[1:], GAMMA) for row in rows]
    with (
        frozen(classifier.model),
        FinerCAM(classifier.model, [classifier.layer], reshape_transform=classifier.route.to_grid) as cam,
    ):
        cam(images.clone().requires_grad_(), targets)


def captum_each(classifier: Classifier, images: torch.Tensor, classes: torch.Tensor) -> None:
    """captum: LayerGradCam once for each class; the difference of two is their comparison before the ReLU."""
    cam = LayerGradCam(classifier.model, classifier.layer)
    for column in classes.T:
        cam.attribute(images, column)


def torchcam_each(classifier: Classifier, images: torch.Tensor, classes: torch.Tensor) -> None:
    """torch-cam: FinerCAM on one forward pass with its graph, then a backward pass to the layer for each reference."""
    rows, last = classes.tolist(), classes.shape[1] - 1
    target = [row[0] for row in rows]
    with TorchFinerCAM(
        classifier.model, classifier.layer, reshape_transform=classifier.route.to_grid, gamma=GAMMA
    ) as cam:
        scores = classifier.model(images)
        for k in range(1, last + 1):
            cam(target, scores, [[row[k]] for row in rows], retain_graph=k < last)


OTHERS: dict[str, Work] = {
    "torch-cam": torchcam_each,
    "captum": captum_each,
    "grad-cam": grad_cam_each,
    "grad-cam, 1 map": grad_cam_together,
}


def quietly(work: Callable[[], object]) -> None:
    """Call `work` without the progress bars that some libraries print."""
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        work()
