"""A chosen route once more, on a real image: random inputs are not what a trained model was made for."""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from finercam_core.explain.routes.base import Route, evidence_of
from finercam_core.explain.routes.tail import Tail

# Two ways through a model in float32 differ by its rounding; in half precision by far more.
_TOLERANCES = {torch.float64: 1e-6, torch.float32: 1e-3, torch.float16: 0.05, torch.bfloat16: 0.1}
_CLASSES = 8

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Confirmation:
    """What a real image said about the routes.

    Attributes
    ----------
    routes : tuple of Route
        The same routes, with the backward through the tail in place of those that failed.
    error : float
        Largest difference from the evidence of a backward through the tail, as a share of that evidence's range; NaN
        where the model gives this image no finite scores, so that it says nothing.
    """

    routes: tuple[Route, ...]
    error: float


def confirmed(routes: Sequence[Route], image: torch.Tensor) -> Confirmation:
    """Compare the evidence of each route for one image with that of a backward through the tail.

    Parameters
    ----------
    routes : sequence of Route
    image : tensor (1, 3, H, W)
        Prepared, in the model's type and on its device.
    """
    kept, largest = [], 0.0
    for route in routes:
        tail = Tail(route.model, route.layer, image.expand(2, -1, -1, -1))
        error = 0.0 if isinstance(route, Tail) else _difference(route, tail, image)
        largest = max(largest, error) if not math.isnan(error) else error
        if math.isnan(error) or error <= _TOLERANCES.get(image.dtype, 1e-3):
            kept.append(route)
            continue
        tail.execute(route.run.execution)
        kept.append(tail)
        log.warning("%s is %.0e of the range off on the first image: %s is used", route.name, error, tail.name)
    return Confirmation(tuple(kept), largest)


def _difference(route: Route, tail: Tail, image: torch.Tensor) -> float:
    """Largest difference of evidence as a share of its range; infinite where the route alone fails or gives NaN."""
    classes = torch.linspace(0, tail.scores - 1, min(tail.scores, _CLASSES), device=image.device).round().long()[None]
    with route.as_it_is():
        try:
            ours = evidence_of(route.weights(image, classes))
        except torch.OutOfMemoryError:
            raise
        except Exception:  # an image outside what the route was proven on may break it in any way
            return float("inf")
    theirs = evidence_of(tail.weights(image, classes))
    if not theirs.isfinite().all():
        return math.nan
    spread = float(theirs.max() - theirs.min())
    error = float((ours - theirs).abs().max()) / spread if spread else 0.0
    return float("inf") if math.isnan(error) else error
