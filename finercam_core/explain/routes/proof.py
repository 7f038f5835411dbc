r"""The proof of a route: scores, gradients and responses against a backward pass, in double precision where it runs.

A short route is right if, on several inputs that have nothing in common, it gives the scores and the gradients of a
backward through the tail, and if the scores respond to other cells as it says: a uniform route says that only the mean
over the cells counts, a linear one that :math:`y_k(A') - y_k(A) = N \sum_c α_{kc} (\bar A'_c - \bar A_c)`.
"""

import copy
from dataclasses import dataclass

import torch
from torch import nn

from finercam_core.explain.routes.base import Route
from finercam_core.explain.routes.tail import Tail

TOLERANCE = 1e-4
_CLASSES = 8  # that are differentiated
_LINEAR_CLASSES = 256  # whose response is compared with their weights
_SPREAD = 10.0  # how much farther from their mean the changed cells are


@dataclass(frozen=True)
class Judgement:
    """What a backward through the tail gives on one input.

    Attributes
    ----------
    images : tensor (N, 3, H, W)
    classes : int64 tensor (N, R)
        Some classes, the first and the last among them.
    activation, logits, values : tensor
        As in `finercam_core.explain.routes.base.Gradients`.
    """

    images: torch.Tensor
    classes: torch.Tensor
    activation: torch.Tensor
    logits: torch.Tensor
    values: torch.Tensor

    @property
    def strength(self) -> float:
        """Largest sum over cells and channels of the magnitude of gradient times activation."""
        return float((self.values * self.activation).abs().sum(dim=(2, 3, 4)).max())


@dataclass(frozen=True)
class Judge:
    """A backward through the tail on several inputs.

    Attributes
    ----------
    tail : Tail
    judgements : tuple of Judgement
    """

    tail: Tail
    judgements: tuple[Judgement, ...]

    @classmethod
    def of(cls, model: nn.Module, layer: nn.Module, example: torch.Tensor) -> "Judge":
        """Judge a model at a layer, on the example and on brighter images of one sign."""
        tail = Tail(model, layer, example)
        picked = torch.linspace(0, tail.scores - 1, min(tail.scores, _CLASSES), device=example.device).round().long()
        classes = picked.expand(len(example), -1)
        judgements = []
        for images in (example, 2 * example.flip(-1).abs()):
            seen = tail.gradients(images, classes)
            judgements.append(Judgement(images, classes, seen.activation, seen.logits, seen.values))
        return cls(tail, tuple(judgements))

    @property
    def finite(self) -> bool:
        """Whether all scores are finite."""
        return all(bool(judgement.logits.isfinite().all()) for judgement in self.judgements)

    @property
    def influence(self) -> float:
        """Magnitude of the layer's evidence in units of the scores' own variation from image to image."""
        logits = torch.cat([judgement.logits for judgement in self.judgements])
        spread = float((logits - logits.mean(dim=0)).abs().max())
        rounding = torch.finfo(torch.float32).eps * float(logits.abs().max())
        strength = max(judgement.strength for judgement in self.judgements)
        return strength / max(spread, rounding) if strength > 0 else 0.0

    def accepts(self, kind: type[Route]) -> bool:
        """Whether the model has the structure for a route of this kind, and the route is proven on every input."""
        try:
            route = kind(self.tail.model, self.tail.layer, self.judgements[0].images)
            return all(_agrees(route, judgement) for judgement in self.judgements)
        except torch.OutOfMemoryError:
            raise
        except Exception:  # a model of another structure may fail in any way; the tail serves it
            return False


def double(model: nn.Module, layer: nn.Module, example: torch.Tensor) -> tuple[nn.Module, nn.Module] | str:
    """A copy of the model and its layer in double precision; in words why there is none."""
    name = next(name for name, module in model.named_modules() if module is layer)
    try:
        exact = copy.deepcopy(model).double()
        with torch.no_grad():
            exact.eval()(example.double())
    except (torch.OutOfMemoryError, MemoryError):
        return "memory ran out for a copy of the model in double precision"
    except Exception as error:  # a model may refuse to be copied, or fix a precision inside, in any way
        if "not enough memory" in str(error) or "allocate memory" in str(error):
            return "memory ran out for a copy of the model in double precision"
        return f"the model does not run as a copy in double precision ({type(error).__name__})"
    return exact, exact.get_submodule(name)


def _agrees(route: Route, judgement: Judgement) -> bool:
    """Whether the route gives the judgement's scores and gradients, and the cells' response is the one it claims."""
    weights = route.weights(judgement.images, judgement.classes)
    alpha = judgement.values.mean(dim=(3, 4)).transpose(0, 1)
    if not (_close(weights.logits, judgement.logits) and _close(weights.alpha, alpha)):
        return False
    if not _close(route.gradients(judgement.images, judgement.classes).values, judgement.values):
        return False
    if route.uniform and not _depends_on_mean_alone(route, judgement):
        return False
    return not route.linear or _responds_by_its_weights(route, judgement)


def _depends_on_mean_alone(route: Route, judgement: Judgement) -> bool:
    """Whether cells that differ far more, with the same mean, give the same scores.

    On the input alone a later layer may look linear, for instance a ReLU that receives only positive values.
    """
    activation, logits = judgement.activation, judgement.logits
    mean = activation.mean(dim=(2, 3), keepdim=True)
    change = route.logits_with(judgement.images, mean + _SPREAD * (activation - mean)) - logits
    return _small(change, judgement)


def _responds_by_its_weights(route: Route, judgement: Judgement) -> bool:
    """Whether the scores of many classes change as the weights say when the cells become those of another image."""
    images, activation = judgement.images, judgement.activation
    count = min(route.scores, _LINEAR_CLASSES)
    picked = torch.linspace(0, route.scores - 1, count, device=images.device).round().long()
    changed = -_SPREAD * activation.roll(1, dims=0).flip(1)
    response = route.logits_with(images, changed)[:, picked] - judgement.logits[:, picked]
    weights = route.weights(images, picked.expand(len(images), -1))
    cells = activation.shape[2] * activation.shape[3]
    claimed = cells * torch.einsum("nrc,nc->nr", weights.alpha, (changed - activation).mean(dim=(2, 3)))
    return _close(claimed, response)


def _small(change: torch.Tensor, judgement: Judgement) -> bool:
    """Whether a change of the scores is nothing beside what the layer gives to them, or beside their rounding."""
    rounding = 100 * torch.finfo(change.dtype).eps * float(judgement.logits.abs().max())
    return float(change.abs().max()) <= TOLERANCE * judgement.strength + rounding


def _close(values: torch.Tensor, expected: torch.Tensor) -> bool:
    """Whether values differ from the expected ones by at most `TOLERANCE` of the largest of them."""
    if values.shape != expected.shape:
        return False
    return bool((values - expected).abs().max() <= TOLERANCE * expected.abs().max())
