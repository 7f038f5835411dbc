"""Any layer: the trunk without a graph, then a backward through what lies behind the target layer."""

import torch
from torch import nn

from finercam_core.explain.model.capture import forward_to
from finercam_core.explain.routes.base import Classes, Gradients, Reduce, Route, Weights, chosen, full
from finercam_core.explain.routes.gradients import PAIRS_PER_PASS, class_gradients, collect


def can_vectorise(model: nn.Module, layer: nn.Module, example: torch.Tensor) -> bool:
    """Whether several classes can share a backward pass, tried on one image: not every operation can be batched."""
    image = example[:1]
    leaf, logits = forward_to(model, layer, image, graph=True)
    classes = torch.zeros((1, 2), dtype=torch.long, device=image.device)
    try:
        list(class_gradients(logits, leaf, classes))
    except torch.OutOfMemoryError:
        raise
    except RuntimeError:
        return False
    return True


class Tail(Route):
    """Backward through the tail alone, several classes at a time where the model's operations allow it."""

    name = "backward through the tail"

    def __init__(self, model: nn.Module, layer: nn.Module, example: torch.Tensor) -> None:
        super().__init__(model, layer, example)
        self.pairs_per_pass = PAIRS_PER_PASS if can_vectorise(model, layer, example) else 1

    def weights(self, images: torch.Tensor, classes: Classes) -> Weights:
        """See `Route.weights`."""
        means = self.gradients(images, classes, lambda gradient, _activation: gradient.mean(dim=(3, 4)))
        return Weights(means.activation, means.logits, means.values.transpose(0, 1), means.classes)

    def gradients(self, images: torch.Tensor, classes: Classes, reduce: Reduce | None = None) -> Gradients:
        """See `Route.gradients`."""
        leaf, logits = self.run(images, graph=True)
        activation = full(self.to_grid(leaf, images))
        wanted, scale = chosen(classes, logits), self.run.execution.gradient_scale
        parts = class_gradients(logits, leaf, wanted, pairs_per_pass=self.pairs_per_pass, scale=scale)
        on_grid = (torch.stack([full(self.to_grid(one, images)) for one in part]) for part in parts)
        return Gradients(activation, full(logits), collect(on_grid, activation, reduce), wanted)
