"""How a model is run: precision, memory format and compilation, none of which changes the model itself."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

import torch
from torch import nn

from finercam_core.errors import ClassifierError
from finercam_core.explain.model.capture import Replace, forward_to, replaced_forward
from finercam_core.explain.model.half_weights import HalfWeights
from finercam_core.io.faults import first_line

Precision = Literal["float32", "bfloat16", "float16"]
# Gradients of a mean over many cells are small: scaled, they keep their digits in float16.
_FLOAT16_SCALE = 1024.0


def device_of(name: str) -> torch.device:
    """The device of this machine that a name stands for; with "auto" a GPU of CUDA if there is one, else the CPU.

    Raises
    ------
    ClassifierError
        If torch cannot compute on it.
    """
    found = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)
    try:
        torch.empty(0, device=found)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = first_line(error)
        raise ClassifierError(f"torch cannot compute on {name} here ({reason})", "choose cpu, or auto") from error
    return found


@dataclass(frozen=True)
class Execution:
    """How a model is run.

    Parameters
    ----------
    precision : {"float32", "bfloat16", "float16"}
        "float32" leaves the model as it is, whatever its weights are. The others are torch's automatic mixed
        precision; the linear head runs in float32 all the same, as margins of many logits have no digits left in
        half precision. Sums, weights and evidence are float32 always.
    channels_last : bool
        Give the images in torch's channels-last memory format, which convolutions on GPUs prefer.
    compile_backend : str
        "" runs the model as it is; a backend of `torch.compile`, usually "inductor", compiles the modules of the
        trunk one by one at their first use. Nothing after the target layer is compiled.

    Raises
    ------
    ClassifierError
        If the precision is unknown.
    """

    precision: Precision = "float32"
    channels_last: bool = False
    compile_backend: str = ""

    def __post_init__(self) -> None:
        if self.precision not in get_args(Precision):
            raise ClassifierError(
                f"unknown precision {self.precision!r}", f"use one of {', '.join(get_args(Precision))}"
            )

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values, for the provenance."""
        return asdict(self)

    @property
    def gradient_scale(self) -> float:
        """Factor on gradients while they are in the model's precision."""
        return _FLOAT16_SCALE if self.precision == "float16" else 1.0


def execution_of(described: Mapping[str, Any]) -> Execution | None:
    """Inverse of `Execution.to_dict`; None where nothing is described, as in the provenance of an old store.

    Raises
    ------
    ClassifierError
        If it is described in another way.
    """
    try:
        return Execution(**described) if described else None
    except TypeError as error:
        raise ClassifierError(f"unknown execution {dict(described)!r}", "update finercam") from error


@dataclass
class Runner:
    """Runs a model in one way of execution and captures its target layer; the linear head stays in float32."""

    model: nn.Module
    layer: nn.Module
    execution: Execution = field(default_factory=Execution)
    head: nn.Linear | None = None
    compiled: list[tuple[nn.Module, Callable[..., torch.Tensor]]] = field(default_factory=list)
    halves: HalfWeights | None = None

    def __post_init__(self) -> None:
        if self.execution.precision != "float32":
            self.halves = HalfWeights(self.model, self.head, getattr(torch, self.execution.precision))
        backend = self.execution.compile_backend
        if backend:
            self.compiled = [
                (part, torch.compile(part.forward, backend=backend)) for part in trunk(self.model, self.layer)
            ]

    def __call__(
        self, images: torch.Tensor, *, graph: bool = False, replace: Replace | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """One forward pass, see `finercam_core.explain.model.capture.forward_to`."""
        if self.execution.channels_last:
            images = images.contiguous(memory_format=torch.channels_last)
        with ExitStack() as stack:
            for part, forward in self.compiled:
                stack.enter_context(replaced_forward(part, forward))
            if self.execution.precision != "float32":
                stack.enter_context(_mixed(self.head, images.device.type, self.execution.precision))
            if self.halves is not None:
                stack.enter_context(self.halves.in_place())
            return forward_to(self.model, self.layer, images, graph=graph, replace=replace)


@contextmanager
def _mixed(head: nn.Linear | None, device: str, precision: Precision) -> Iterator[None]:
    """Automatic mixed precision with the linear head in float32."""
    with ExitStack() as stack:
        stack.enter_context(torch.autocast(device, getattr(torch, precision)))
        if head is not None:
            stack.enter_context(replaced_forward(head, _in_float32(head.forward, device)))
        yield


def _in_float32(forward: Callable[[torch.Tensor], torch.Tensor], device: str) -> Callable[[torch.Tensor], torch.Tensor]:
    def head(x: torch.Tensor) -> torch.Tensor:
        with torch.autocast(device, enabled=False):
            return forward(x.float())

    return head


def trunk(model: nn.Module, layer: nn.Module) -> list[nn.Module]:
    """Modules that together run up to the layer, in their order: stages, or blocks of a list of blocks."""
    parts: list[nn.Module] = []
    for child in model.children():
        inside = any(module is layer for module in child.modules())
        if child is layer or not inside:
            parts.extend([child] if next(child.parameters(), None) is not None else [])
        elif isinstance(child, nn.Sequential | nn.ModuleList):
            parts.extend(trunk(child, layer))
        if inside:
            break
    return parts
