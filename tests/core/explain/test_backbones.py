"""Every family of timm at its default layer: the layer, the route, and autograd through the whole model in float64."""

import pytest
import torch
from backbones import CLASSES, FAMILIES, build, by_autograd, images_of

from finercam_core.explain import Classifier
from finercam_core.explain.routes import Route, evidence_of

ALL = torch.arange(CLASSES)[None]


def assert_is_autograd(found: Classifier, route: Route, images: torch.Tensor, tolerance: float = 1e-12) -> None:
    """Weights, evidence and gradients of a route are those of a backward through the whole model."""
    classes = ALL.expand(len(images), -1)
    gradients, activation = by_autograd(found, images)
    alpha = gradients.mean(dim=(3, 4)).transpose(0, 1)
    weights, each = route.weights(images, classes), route.gradients(images, classes)
    evidence, logits = evidence_of(weights), weights.logits
    maps = activation[0, 0].numel() * torch.einsum("nrc,nchw->nrhw", alpha, activation)
    for ours, theirs in (
        (weights.alpha, alpha),
        (evidence, maps),
        (each.values, gradients),
        (each.activation, activation),
    ):
        assert ours.dtype == theirs.dtype
        torch.testing.assert_close(ours, theirs, rtol=0, atol=tolerance * float(theirs.abs().max()))
    with torch.no_grad():
        torch.testing.assert_close(logits, found.model(images), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", FAMILIES)
def test_default_layer_and_route_of_each_family_are_autograd_in_float64(name: str) -> None:
    found = build(name)
    found.model.double()
    _, _, layer, route = FAMILIES[name]
    assert (found.target_layer, found.route.name.partition(":")[0]) == (layer, route.partition(":")[0])
    assert found.route.name.startswith(route)
    assert_is_autograd(found, found.route, images_of(found))


@pytest.mark.parametrize(
    ("name", "layer", "route"),
    [
        ("resnet10t", "layer3", "backward through the tail"),
        ("test_efficientnet", "blocks.4", "backward through the tail"),
        ("convnext_atto", "stages.2", "backward through the tail"),
        ("swin_tiny_patch4_window7_224", "layers.3", "backward through the tail"),
        ("swin_tiny_patch4_window7_224", "layers.3.blocks.1.norm1", "backward through the tail"),
        ("vit_base_patch16_siglip_gap_224", "norm", "closed form"),
        ("vit_base_patch16_siglip_gap_224", "blocks.1", "closed form up to the head|backward through the tail"),
        ("vit_base_patch16_siglip_224", "norm", "backward through the tail"),
        ("beit_base_patch16_224", "blocks.1", "closed form up to the head"),
        ("vit_tiny_patch16_224", "blocks.0.norm1", "backward through the tail"),
        ("test_maxvit", "stages.3", "backward through the tail"),
    ],
)
def test_other_layers_by_name_are_autograd_in_float64(name: str, layer: str, route: str) -> None:
    found = build(name, layer=layer)
    found.model.double()
    assert found.route.name.startswith(tuple(route.split("|")))
    assert_is_autograd(found, found.route, images_of(found))
