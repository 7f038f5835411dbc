"""Heads that see only the mean of the cells: closed form where the head is linear, else the gradient of one vector."""

import torch
from torch import nn

from finercam_core.errors import ClassifierError
from finercam_core.explain.model.layers import linear_head
from finercam_core.explain.routes.base import Classes, Gradients, Reduce, Route, Weights, chosen, full
from finercam_core.explain.routes.gradients import class_gradients

_HALF = (torch.float16, torch.bfloat16)  # too few digits to compare
_PAIRS_PER_PASS = 1024  # the graph is that of the head alone


class Uniform(Route):
    """A route for scores that depend only on the mean over the cells: the gradient is the same at every cell."""

    uniform = True

    def gradients(self, images: torch.Tensor, classes: Classes, reduce: Reduce | None = None) -> Gradients:
        """See `Route.gradients`."""
        weights = self.weights(images, classes)
        everywhere = weights.alpha.transpose(0, 1)[..., None, None].expand(-1, *weights.activation.shape)
        values = everywhere if reduce is None else reduce(everywhere, weights.activation)
        return Gradients(weights.activation, weights.logits, values, weights.classes)


class ClosedForm(Uniform):
    r"""The head's rows are the weights: :math:`α_k = W_k/N`, so that :math:`E_k = \sum_c W_{kc} A_c`.

    This is CAM (Zhou et al., CVPR 2016, eq. 2): the mean of the evidence plus the bias is the logit.
    """

    name = "closed form: global average pooling, linear head"
    linear = True

    def __init__(self, model: nn.Module, layer: nn.Module, example: torch.Tensor) -> None:
        super().__init__(model, layer, example)
        if example.dtype not in _HALF and not self._fits(example):
            raise ClassifierError("the head does not receive the mean of the layer's cells", "use the tail")

    def weights(self, images: torch.Tensor, classes: Classes) -> Weights:
        """See `Route.weights`."""
        activation, logits = self.forward(images)
        wanted = chosen(classes, logits)
        rows = full(self.head().weight)[wanted] / (activation.shape[2] * activation.shape[3])
        return Weights(activation, logits, rows, wanted)

    def head(self) -> nn.Linear:
        """The linear head."""
        head = linear_head(self.model, self.scores)
        if head is None:
            raise ClassifierError("the model has no linear head", "name another target layer")
        return head

    def _fits(self, example: torch.Tensor) -> bool:
        """Whether the head receives the mean of the layer's cells and gives the scores, on this input."""
        head, received = self.head(), []
        hook = head.register_forward_pre_hook(lambda _module, inputs: received.append(inputs[0].detach()))
        try:
            activation, logits = self.run(example)
        finally:
            hook.remove()
        pooled = self.to_grid(activation, example).mean(dim=(2, 3))
        if len(received) != 1 or received[0].shape != pooled.shape or logits.shape[1] != head.out_features:
            return False
        return torch.allclose(received[0], pooled, rtol=1e-4, atol=1e-5 * float(pooled.abs().max()))


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
        parts = class_gradients(
            logits, leaf, wanted, pairs_per_pass=_PAIRS_PER_PASS, scale=self.run.execution.gradient_scale
        )
        gradient = torch.stack([full(self.layout.to_grid(one, (1, 1)))[..., 0, 0] for part in parts for one in part], 1)
        return Weights(activation, full(logits), gradient / (activation.shape[2] * activation.shape[3]), wanted)
