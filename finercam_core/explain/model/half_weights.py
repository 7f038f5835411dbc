"""Weights of a model's trunk in half precision, kept from pass to pass: automatic mixed precision casts them each time.

The rounding is the same, and so is every bit of the result; the model's own weights stay as they are.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

# Whose forward gives its weights to one operation that automatic mixed precision runs in half precision.
_KINDS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


@dataclass(frozen=True)
class _Kept:
    """A parameter, its copy in half precision, and the state of the parameter that was copied."""

    module: nn.Module
    name: str
    original: nn.Parameter
    half: nn.Parameter
    state: tuple[int, int]

    @property
    def stale(self) -> bool:
        """Whether the module has other values by now."""
        now = self.module._parameters.get(self.name)
        return now is not self.original or _state(self.original) != self.state


def _state(weight: torch.Tensor) -> tuple[int, int]:
    """What changes with a tensor's values or its device; tensors of inference mode count no changes."""
    return weight.data_ptr(), -1 if weight.is_inference() else weight._version


class HalfWeights:
    """Copies of weights in half precision that stand in for them within a context.

    Parameters
    ----------
    model : torch.nn.Module
    head : torch.nn.Linear, optional
        Stays as it is.
    dtype : torch.dtype
    """

    def __init__(self, model: nn.Module, head: nn.Linear | None, dtype: torch.dtype) -> None:
        self._model, self._head, self._dtype = model, head, dtype
        self._kept: list[_Kept] | None = None

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Have the model compute with the copies; they are made at the first use, and again once a weight changed."""
        if self._kept is None or any(kept.stale for kept in self._kept):
            self._kept = list(self._copies())
        kept = self._kept
        for one in kept:
            one.module._parameters[one.name] = one.half
        try:
            yield
        finally:
            for one in kept:
                one.module._parameters[one.name] = one.original

    def _copies(self) -> Iterator[_Kept]:
        for module in self._model.modules():
            if type(module) not in _KINDS or module is self._head:  # a subclass may do anything with its weights
                continue
            for name, weight in module._parameters.items():
                if weight is not None and weight.dtype == torch.float32:
                    half = nn.Parameter(weight.detach().to(self._dtype), requires_grad=False)
                    yield _Kept(module, name, weight, half, _state(weight))
