"""The model is left as it was found by every route, also after an exception; frozen and training models work."""

from typing import Any

import pytest
import torch
from backbones import CLASSES, build, images_of
from torch import nn

from finercam_core.explain import explain
from finercam_core.explain.model.capture import replaced_forward

ROUTES = ["resnet10t", "convnext_atto", "test_vit", "vit_base_patch16_siglip_224"]


def state(model: nn.Module) -> dict[str, Any]:
    """Everything about a model that an explanation may touch."""
    modules, parameters = list(model.modules()), list(model.parameters())
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return {
        "training": [module.training for module in modules],
        "hooks": [len(getattr(module, kind)) for module in modules for kind in hooks],
        "own attributes": [sorted(vars(module)) for module in modules],
        "requires_grad": [parameter.requires_grad for parameter in parameters],
        "grad": [parameter.grad for parameter in parameters],
        "values": [value.clone() for value in model.state_dict().values()],
        "grad mode": torch.is_grad_enabled(),
    }


def assert_same(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert {k: v for k, v in before.items() if k != "values"} == {k: v for k, v in after.items() if k != "values"}
    assert all(torch.equal(a, b) for a, b in zip(before["values"], after["values"], strict=True))


@pytest.mark.parametrize("name", ROUTES)
def test_every_route_leaves_the_model_as_it_was_found(name: str) -> None:
    found = build(name)
    images, classes = images_of(found), torch.arange(CLASSES).expand(2, -1)
    found.model.train()
    list(found.model.modules())[3].eval()
    next(found.model.parameters()).requires_grad_(False)
    before = state(found.model)
    _ = found.route
    assert_same(before, state(found.model))
    explain(found, images, classes)
    found.route.gradients(images, classes)
    assert_same(before, state(found.model))


class BrokenHeadError(Exception):
    """Raised by a head on purpose."""


@pytest.mark.parametrize("name", ROUTES)
def test_an_exception_in_the_middle_leaves_the_model_as_it_was_found(name: str) -> None:
    found = build(name)
    images, classes = images_of(found), torch.arange(CLASSES).expand(2, -1)
    _ = found.route
    found.model.train()
    before = state(found.model)

    def broken(_x: torch.Tensor) -> torch.Tensor:
        raise BrokenHeadError

    with replaced_forward(found.model.get_classifier(), broken), pytest.raises(BrokenHeadError):
        explain(found, images, classes)
    assert_same(before, state(found.model))


@pytest.mark.parametrize("name", ROUTES)
def test_frozen_and_training_models_give_the_same_maps(name: str) -> None:
    found = build(name)
    images, classes = images_of(found), torch.arange(CLASSES).expand(2, -1)
    expected = explain(found, images, classes).evidence
    found.model.requires_grad_(False).train()
    torch.testing.assert_close(explain(found, images, classes).evidence, expected)
    with torch.no_grad():
        torch.testing.assert_close(explain(found, images, classes).evidence, expected)
    with torch.inference_mode():
        torch.testing.assert_close(explain(found, images, classes).evidence, expected)
