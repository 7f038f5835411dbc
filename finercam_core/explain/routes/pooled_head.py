"""A head that sees the mean of the cells and nothing else of them: its gradient is that of a single vector."""

import torch

from finercam_core.explain.routes.backward import class_gradients
from finercam_core.explain.routes.base import Classes, Weights, chosen, full
from finercam_core.explain.routes.closed_form import Uniform

_TOGETHER = 1024


class PooledHead(Uniform):
    r"""Pooling, then anything: with p the mean of A over the N cells, :math:`α_k = (1/N)\,\partial y_k/\partial p`.

    ConvNeXt normalises after the pooling, MobileNetV3 convolves, a mean-pooled vision transformer has an `fc_norm`. The
    rest of the model receives the mean as a map of one cell, which its pooling leaves as it is, so that one forward
    pass gives the scores and a graph of the head alone.
    """

    name = "closed form up to the head: global average pooling, backward through the head"

    def weights(self, images: torch.Tensor, classes: Classes) -> Weights:
        """See `Route.weights`."""
        whole: list[torch.Tensor] = []

        def pool(values: torch.Tensor) -> torch.Tensor:
            whole.append(values)
            mean = self.to_grid(values, images).mean(dim=(2, 3), keepdim=True)
            return self.layout.from_grid(mean, values)

        leaf, logits = self.run(images, graph=True, replace=pool)
        activation = full(self.to_grid(whole[0], images))
        wanted = chosen(classes, logits)
        parts = class_gradients(logits, leaf, wanted, together=_TOGETHER, scale=self.run.execution.gradient_scale)
        gradient = torch.stack([full(self.layout.to_grid(one, (1, 1)))[..., 0, 0] for part in parts for one in part], 1)
        return Weights(activation, full(logits), gradient / (activation.shape[2] * activation.shape[3]), wanted)
