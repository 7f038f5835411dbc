"""Every family of timm at its default layer: the layer, the route, and autograd through the whole model in float64."""

import pytest
from backbones import FAMILIES, assert_is_autograd, build, images_of


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
