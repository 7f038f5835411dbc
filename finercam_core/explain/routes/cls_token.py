r"""A vision transformer that classifies by its class token, explained at the last block's first norm.

Behind the last attention only the prefix tokens matter, so that its patches need no query, no projection and no MLP.
With :math:`a_{ij}` the attention that prefix token i pays to token j in one head, :math:`q_i, k_j, v_j` queries, keys
and values, :math:`o_i = \sum_j a_{ij} v_j`, :math:`g_i` the gradient of the score at the attention's output of token i,
:math:`u_i = W_O^T g_i` its part in this head, and :math:`s_{ij} = v_j \cdot u_i`, the gradient at patch j is

.. math:: \frac{\partial y}{\partial A_j} = \sum_{heads}\sum_i a_{ij}\Big[W_V^T u_i
          + \frac{s_{ij} - o_i \cdot u_i}{\sqrt d} W_K^T q_i\Big]

and, as :math:`\sum_j a_{ij}(s_{ij} - o_i \cdot u_i) = 0` over all tokens, its sum over the patches needs the prefix
tokens' values alone.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from finercam_core.errors import ClassifierError
from finercam_core.explain.model.capture import replaced_forward
from finercam_core.explain.routes.base import Classes, Gradients, Reduce, Route, Weights, chosen, full
from finercam_core.explain.routes.gradients import class_gradients, collect

_PAIRS_PER_PASS = 1024
_MISFIT = "the last block is not a plain pre-norm attention block"


@dataclass(frozen=True)
class _Attention:
    """What the prefix tokens saw: P of them, L tokens, H heads of d channels."""

    weights: torch.Tensor  # (N, H, P, L)
    queries: torch.Tensor  # (N, H, P, d)
    values: torch.Tensor  # (N, H, L, d)
    mixed: torch.Tensor  # (N, H, P, d)
    output: torch.Tensor  # (N, P, C), leaf of the graph


def _plain_block(model: nn.Module, layer: nn.Module) -> Any:
    """The attention block whose first norm the layer is, if it is built as the formula needs it."""
    name = next(name for name, module in model.named_modules() if module is layer)
    block: Any = model.get_submodule(name.rpartition(".")[0])
    attention = block.attn
    plain = all(isinstance(getattr(attention, name), nn.Identity) for name in ("q_norm", "k_norm", "norm"))
    linear = type(attention.qkv) is type(attention.proj) is nn.Linear
    if block.norm1 is not layer or not plain or not linear or getattr(attention, "gate", None) is not None:
        raise ClassifierError(_MISFIT, "use the tail")
    return block


class ClsToken(Route):
    """The last attention in closed form; a backward through the prefix tokens' MLP and the head."""

    name = "closed form: class token's attention in the last block"

    def __init__(self, model: nn.Module, layer: nn.Module, example: torch.Tensor) -> None:
        super().__init__(model, layer, example)
        self.block = _plain_block(model, layer)
        self.prefix = self.layout.prefix
        if not self.prefix:
            raise ClassifierError("the model has no class token", "use the tail")

    def weights(self, images: torch.Tensor, classes: Classes) -> Weights:
        """See `Route.weights`."""
        activation, logits, seen = self._run(images)
        wanted = chosen(classes, logits)
        upstream = self._upstream(logits, seen, wanted)
        weights, queries, values, mixed = map(full, (seen.weights, seen.queries, seen.values, seen.mixed))
        own, patches = weights[..., : self.prefix], weights[..., self.prefix :].sum(-1)
        seen_by = torch.einsum("rnihd,nhjd->rnhij", upstream, values[:, :, : self.prefix])
        mean = torch.einsum("rnihd,nhid->rnhi", upstream, mixed)
        at_keys = -(own * (seen_by - mean[..., None])).sum(-1) * self.block.attn.scale
        value = torch.einsum("nhi,rnihd->rnhd", patches, upstream)
        key = torch.einsum("rnhi,nhid->rnhd", at_keys, queries)
        total = self._to_input(key, value)
        alpha = total.transpose(0, 1) / (activation.shape[2] * activation.shape[3])
        return Weights(activation, full(logits), alpha, wanted)

    def gradients(self, images: torch.Tensor, classes: Classes, reduce: Reduce | None = None) -> Gradients:
        """See `Route.gradients`."""
        activation, logits, seen = self._run(images)
        wanted = chosen(classes, logits)
        upstream = self._upstream(logits, seen, wanted)
        parts = (self._at_patches(one[None], seen, activation) for one in upstream)
        return Gradients(activation, full(logits), collect(parts, activation, reduce), wanted)

    def _run(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, _Attention]:
        """One forward pass whose last block computes what the prefix tokens need."""
        kept: list[_Attention] = []

        def last_block(x: torch.Tensor, *others: Any, **named: Any) -> torch.Tensor:
            if any(value is not None and value is not False for value in (*others, *named.values())):
                raise ClassifierError(_MISFIT, "use the tail")
            block = self.block
            kept.append(self._attend(block.norm1(x)))
            torch.set_grad_enabled(True)
            tokens = x[:, : self.prefix] + block.drop_path1(block.ls1(kept[0].output))
            result: torch.Tensor = tokens + block.drop_path2(block.ls2(block.mlp(block.norm2(tokens))))
            return result

        with replaced_forward(self.block, last_block):
            activation, logits = self.run(images)
        return full(self.to_grid(activation, images)), logits, kept[0]

    def _attend(self, x: torch.Tensor) -> _Attention:
        attention = self.block.attn
        heads, width = attention.num_heads, attention.qkv.out_features // 3
        weight, bias = attention.qkv.weight, attention.qkv.bias
        of_query, of_rest = (None, None) if bias is None else (bias[:width], bias[width:])
        queries = nn.functional.linear(x[:, : self.prefix], weight[:width], of_query)
        rest = nn.functional.linear(x, weight[width:], of_rest)
        rest = rest.reshape(*rest.shape[:2], 2, heads, -1)
        queries = queries.reshape(*queries.shape[:2], heads, -1).transpose(1, 2)
        keys, values = rest.permute(2, 0, 3, 1, 4)
        weights = full(queries @ keys.transpose(-2, -1) * attention.scale).softmax(-1)
        mixed = weights.to(values.dtype) @ values
        output = attention.proj(mixed.transpose(1, 2).flatten(2)).detach().requires_grad_()
        return _Attention(weights, queries, values, mixed, output)

    def _upstream(self, logits: torch.Tensor, seen: _Attention, classes: torch.Tensor) -> torch.Tensor:
        """Gradients at the heads' outputs, u, (R, N, P, H, d)."""
        scale = self.run.execution.gradient_scale
        gradient = torch.cat(
            list(class_gradients(logits, seen.output, classes, pairs_per_pass=_PAIRS_PER_PASS, scale=scale))
        )
        at_heads = gradient @ full(self.block.attn.proj.weight)
        return at_heads.reshape(*at_heads.shape[:-1], self.block.attn.num_heads, -1)

    def _to_input(self, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """Gradients at keys and values, (..., H, d), taken to the layer's output, (..., C)."""
        _, of_keys, of_values = full(self.block.attn.qkv.weight).chunk(3)
        return keys.flatten(-2) @ of_keys + values.flatten(-2) @ of_values

    def _at_patches(self, upstream: torch.Tensor, seen: _Attention, activation: torch.Tensor) -> torch.Tensor:
        """The formula above for every patch, (r, N, C, h, w)."""
        weights, values = full(seen.weights)[..., self.prefix :], full(seen.values)[:, :, self.prefix :]
        seen_by = torch.einsum("rnihd,nhjd->rnhij", upstream, values)
        mean = torch.einsum("rnihd,nhid->rnhi", upstream, full(seen.mixed))
        at_keys = weights * (seen_by - mean[..., None]) * self.block.attn.scale
        value = torch.einsum("nhij,rnihd->rnjhd", weights, upstream)
        key = torch.einsum("rnhij,nhid->rnjhd", at_keys, full(seen.queries))
        return self._to_input(key, value).transpose(-2, -1).reshape(-1, *activation.shape)
