"""References that each image chooses by its scores: the same route, the same work and the same maps as given ones."""

from collections.abc import Callable

import pytest
import torch
from backbones import CLASSES, HEAD, POOLED, TAIL, TOKEN, build, by_autograd, images_of
from tolerances import assert_identity

from finercam_core.base_methods import BASE_METHODS
from finercam_core.explain import explain
from finercam_core.explain.engine.request import NearestLogits

ROUTES = {
    "resnet10t": POOLED,
    "swin_tiny_patch4_window7_224": POOLED,
    "convnext_atto": HEAD,
    "vit_tiny_patch16_224": TOKEN,
    "vit_base_patch16_siglip_224": TAIL,
}
# Gradients that are the same at every cell serve all of these.
BY_GRADIENT = ["gradcam", "hirescam", "xgradcam", "gradcam++", "layercam"]
Differentiated = list[tuple[int, ...]]


@pytest.fixture
def differentiated(monkeypatch: pytest.MonkeyPatch) -> Differentiated:
    """Shape of what each backward pass ends at."""
    shapes: Differentiated = []
    grad: Callable[..., tuple[torch.Tensor, ...]] = torch.autograd.grad

    def noted(
        outputs: torch.Tensor, inputs: torch.Tensor | list[torch.Tensor], *args: object, **kwargs: object
    ) -> tuple[torch.Tensor, ...]:
        ends = [inputs] if isinstance(inputs, torch.Tensor) else inputs
        shapes.extend(tuple(end.shape) for end in ends)
        return grad(outputs, inputs, *args, **kwargs)

    monkeypatch.setattr(torch.autograd, "grad", noted)
    return shapes


@pytest.mark.parametrize("method", BY_GRADIENT)
@pytest.mark.parametrize("name", [name for name, route in ROUTES.items() if route == POOLED])
def test_chosen_references_need_no_backward_where_the_head_is_the_closed_form(
    name: str, method: str, differentiated: Differentiated
) -> None:
    found = build(name)
    assert found.to_provenance()["route"] == POOLED
    scores: list[torch.Tensor] = []

    def choose(logits: torch.Tensor) -> torch.Tensor:
        scores.append(logits)
        return NearestLogits([0, 3], 2)(logits)

    differentiated.clear()
    saved: list[torch.Tensor] = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        saved.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda kept: kept):
        result = explain(found, images_of(found), choose, method=method)
    assert not differentiated
    assert not saved, "there is no graph for a backward pass either"
    assert not scores[0].requires_grad
    assert result.evidence.grad_fn is None


@pytest.mark.parametrize("name", ROUTES)
def test_the_route_of_the_provenance_is_the_one_that_chosen_references_take(
    name: str, differentiated: Differentiated
) -> None:
    """The backward passes end at the same tensors: at the pooled vector, the prefix tokens, or the layer."""
    found = build(name)
    images = images_of(found)
    assert found.to_provenance()["route"].startswith(ROUTES[name])
    differentiated.clear()
    result = explain(found, images, NearestLogits([0, 3], 2))
    chosen = differentiated[:]
    differentiated.clear()
    explain(found, images, result.classes)
    assert chosen == differentiated
    assert bool(chosen) == (ROUTES[name] != POOLED)


@pytest.mark.parametrize("name", ROUTES)
def test_maps_of_chosen_references_are_autograd_in_float64(name: str) -> None:
    found = build(name)
    found.model.double()
    images = images_of(found)
    gradients, activation = by_autograd(found, images)
    result = explain(found, images, NearestLogits([0, 3], 3))
    maps = torch.einsum("rnc,nchw->nrhw", gradients.sum(dim=(3, 4)), activation)
    expected = torch.stack([maps[i, row] for i, row in enumerate(result.classes)])
    assert_identity(found.model, result.evidence, expected)


@pytest.mark.parametrize("method", BASE_METHODS)
def test_every_method_chooses_once_from_the_scores_that_it_gives(method: str) -> None:
    found = build("resnet10t")
    found.model.double()
    images, seen = images_of(found), []

    def choose(logits: torch.Tensor) -> torch.Tensor:
        seen.append(logits)
        return logits.argsort(dim=1, descending=True)[:, : CLASSES - 2]

    result = explain(found, images, choose, method=method)
    assert len(seen) == 1
    torch.testing.assert_close(result.logits, seen[0], rtol=0, atol=0)
    again = explain(found, images, result.classes, method=method)
    assert_identity(found.model, result.evidence, again.evidence)
