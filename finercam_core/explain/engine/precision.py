"""Which precision a run takes: the one asked for, or bfloat16 on a GPU where the first images allow it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch

from finercam_core.explain.engine.decoder_choice import AskedDecoder
from finercam_core.explain.evidence import explain
from finercam_core.explain.model.classifier import Classifier
from finercam_core.explain.model.execution import Execution, Precision

AskedPrecision = Literal["auto", "float32", "bfloat16", "float16"]
LIMIT = 0.02
"""Largest error of evidence in bfloat16, as a share of its range in float32, at which "auto" takes it."""
IMAGES = 4
"""Images that are looked at."""
_CLASSES = 8

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AskedExecution:
    """How a run is to execute the model, as a person asks for it.

    Parameters
    ----------
    precision : {"auto", "float32", "bfloat16", "float16"}
        "auto" is float32 on a CPU; on a GPU bfloat16 where a check on the first images stays within `LIMIT`.
    channels_last : bool
        Give the images in torch's channels-last memory format.
    compiled : bool
        Compile the modules of the trunk.
    device : str
        Where the workers run: "auto", "cpu", "mps", "cuda" or "cuda:1".
    decoder : {"auto", "cpu", "gpu"}
        What decodes JPEGs, see `finercam_core.explain.engine.decoder_choice`.
    """

    precision: AskedPrecision = "auto"
    channels_last: bool = False
    compiled: bool = False
    device: str = "auto"
    decoder: AskedDecoder = "auto"

    @property
    def on_gpu(self) -> bool:
        """Whether the workers have a GPU of CUDA."""
        return self.device.startswith("cuda") or (self.device == "auto" and torch.cuda.is_available())

    def execution(self, precision: Precision) -> Execution:
        """The execution with a precision that is settled."""
        return Execution(precision, self.channels_last, "inductor" if self.compiled else "")


@dataclass(frozen=True)
class SettledExecution:
    """How the model is executed, and what was seen before that was settled.

    Attributes
    ----------
    execution : Execution
    error : float or None
        Largest error of the evidence in bfloat16 as a share of its range; None where nothing had to be seen.
    """

    execution: Execution
    error: float | None = None


def settled(asked: AskedExecution, classifier: Classifier, images: Sequence[torch.Tensor]) -> SettledExecution:
    """Settle the precision of a run.

    Parameters
    ----------
    asked : AskedExecution
    classifier : Classifier
        On any device: what half precision does to evidence is nearly the same on all.
    images : sequence of tensor (3, H, W)
        The first prepared images of the collection, of which `IMAGES` are looked at; without any, "auto" is float32.
    """
    if asked.precision != "auto":
        return SettledExecution(asked.execution(asked.precision))
    if not asked.on_gpu or classifier.dtype != torch.float32:
        return SettledExecution(asked.execution("float32"))
    if not images:
        log.warning("float32 is taken: no image could be read to check bfloat16 on")
        return SettledExecution(asked.execution("float32"))
    error = half_precision_error(classifier, torch.stack(list(images[:IMAGES])))
    if not error <= LIMIT:
        log.warning("float32 is taken: evidence in bfloat16 is %.2g of its range off, more than %g", error, LIMIT)
        return SettledExecution(asked.execution("float32"), error)
    return SettledExecution(asked.execution("bfloat16"), error)


def half_precision_error(classifier: Classifier, images: torch.Tensor, precision: Precision = "bfloat16") -> float:
    """Largest error of evidence in half precision, as a share of its range in float32, over images (N, 3, H, W)."""
    count = min(len(classifier.species), _CLASSES)
    classes = torch.linspace(0, len(classifier.species) - 1, count).round().long().expand(len(images), -1)
    before = classifier.execution
    try:
        classifier.run_as(Execution())
        exact = explain(classifier, images, classes).evidence
        classifier.run_as(replace(Execution(), precision=precision))
        half = explain(classifier, images, classes).evidence
    finally:
        classifier.run_as(before)
    spread = float(exact.amax() - exact.amin())
    return float((half - exact).abs().max()) / spread if spread else 0.0
