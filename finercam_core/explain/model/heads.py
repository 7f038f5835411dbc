"""Where a model's linear head is: what timm says, else the layer whose output the scores are."""

import torch
from torch import nn

from finercam_core.explain.model.capture import evaluating, scores_of
from finercam_core.explain.model.location import noted


def linear_head(model: nn.Module, scores: int | None = None, example: torch.Tensor | None = None) -> nn.Linear | None:
    """The model's linear classification head, if it has one.

    Parameters
    ----------
    model : torch.nn.Module
    scores : int, optional
        Number of classes; a layer of another width is no head.
    example : tensor (N, 3, H, W), optional
        An input, on which a model that is not timm's runs once: of several layers of the right width the head is the
        one whose output the scores are. Without it, the last one.
    """
    getter = getattr(model, "get_classifier", None)
    if getter is not None:
        head = getter()
        return head if isinstance(head, nn.Linear) and _fits(head, scores) else None
    linear = {name: part for name, part in model.named_modules() if isinstance(part, nn.Linear) and _fits(part, scores)}
    if len(linear) > 1 and example is not None:
        return _giving_the_scores(model, linear, example)
    return list(linear.values())[-1] if linear else None


def _fits(head: nn.Linear, scores: int | None) -> bool:
    return scores is None or head.out_features == scores


def _giving_the_scores(model: nn.Module, linear: dict[str, nn.Linear], example: torch.Tensor) -> nn.Linear | None:
    """The last layer whose output is the scores."""
    outputs: dict[str, torch.Tensor] = {}

    def note(name: str, output: torch.Tensor) -> None:
        outputs[name] = output.detach().clone()

    with noted(linear, note), evaluating(model), torch.no_grad():
        scores = scores_of(model(example))
    same = [name for name, output in outputs.items() if output.shape == scores.shape and torch.equal(output, scores)]
    return linear[same[-1]] if same else None
