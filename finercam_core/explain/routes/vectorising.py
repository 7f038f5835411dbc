"""Whether a model's tail can be differentiated for several classes in one pass."""

import warnings

import torch
from torch import nn

from finercam_core.explain.capture import forward_to
from finercam_core.explain.routes.backward import class_gradients


def can_vectorise(model: nn.Module, layer: nn.Module, example: torch.Tensor) -> bool:
    """Try it on one image: an operation without a batching rule is an error, or a warning and a slow loop."""
    image = example[:1]
    leaf, logits = forward_to(model, layer, image, graph=True)
    classes = torch.zeros((1, 2), dtype=torch.long, device=image.device)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            list(class_gradients(logits, leaf, classes))
        except torch.OutOfMemoryError:
            raise
        except (RuntimeError, UserWarning):
            return False
    return True
