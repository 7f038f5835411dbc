"""Images that are no squares, or larger than a model was built for: a right map, or a sentence that says why not."""

import pytest
import torch
from backbones import FAMILIES, SPECIES, assert_is_autograd, build, images_of

from finercam_core.errors import ClassifierError
from finercam_core.explain import Classifier, explain
from finercam_core.images.preparation import Preparation

# Height, width, and the grid of the default layer.
RECTANGLES: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "resnet10t": ((96, 160), (3, 5)),
    "regnetx_002": ((64, 128), (2, 4)),
    "test_efficientnet": ((96, 160), (3, 5)),
    "mobilenetv2_035": ((64, 128), (2, 4)),
    "mobilenetv3_small_050": ((96, 160), (3, 5)),
    "convnext_atto": ((96, 160), (3, 5)),
    "vit_tiny_patch16_224": ((64, 96), (4, 6)),
    "deit3_small_patch16_224": ((64, 96), (4, 6)),
    "deit_tiny_distilled_patch16_224": ((64, 96), (4, 6)),
    "vit_small_patch14_reg4_dinov2": ((56, 84), (4, 6)),
    "vit_small_patch16_dinov3": ((64, 96), (4, 6)),
    "eva02_tiny_patch14_224": ((56, 84), (4, 6)),
    "beit_base_patch16_224": ((64, 96), (4, 6)),
    "vit_base_patch16_siglip_224": ((64, 96), (4, 6)),
    "vit_base_patch16_siglip_gap_224": ((64, 96), (4, 6)),
    "swin_tiny_patch4_window7_224": ((64, 128), (2, 4)),
    "swinv2_tiny_window8_256": ((64, 128), (2, 4)),
    "test_maxvit": ((160, 320), (5, 10)),
    "test_coatnet": ((160, 320), (5, 10)),
    "mixer_s32_224": ((64, 128), (2, 4)),
}
# Models that take any image of whole cells or windows, and those that timm lets do so on request.
FREE = ["resnet10t", "regnetx_002", "test_efficientnet", "mobilenetv2_035", "mobilenetv3_small_050", "convnext_atto",
        "vit_small_patch16_dinov3", "test_maxvit"]  # fmt: skip
ON_REQUEST = ["vit_tiny_patch16_224", "deit3_small_patch16_224", "vit_small_patch14_reg4_dinov2",
              "eva02_tiny_patch14_224", "vit_base_patch16_siglip_224", "vit_base_patch16_siglip_gap_224"]  # fmt: skip
FIXED = [name for name in RECTANGLES if name not in FREE]


def test_no_family_is_left_out() -> None:
    assert set(RECTANGLES) == set(FAMILIES) - {"test_vit"}, "another model of a family that is here"


def assert_lower_left_stays(found: Classifier, images: torch.Tensor) -> None:
    """What changes in the lower left of an image changes the lower left of the layer's grid."""
    (height, width), (rows, columns) = images.shape[2:], found.grid
    changed = images.clone()
    changed[:, :, height // 2 :, : width // columns] += 3
    before, after = (found.route.forward(one)[0] for one in (images, changed))
    moved = (after - before).abs().sum(dim=1)[0]
    assert moved[-(rows // 2) :].mean() > moved[: rows // 2].mean()
    assert moved[:, : columns // 2].mean() > 1.2 * moved[:, -(columns // 2) :].mean()


@pytest.mark.parametrize("name", RECTANGLES)
def test_a_wide_image_has_a_wide_map_the_right_way_round(name: str) -> None:
    """Its evidence is that of the gradient, and its cells lie where the image has them."""
    size, grid = RECTANGLES[name]
    found = build(name, size=size)
    assert found.grid == grid
    assert found.route.name.startswith(FAMILIES[name][3].partition(":")[0])
    found.model.double()
    images = images_of(found, 1)
    assert_is_autograd(found, found.route, images)
    if "mobilenet" not in name:  # with random weights every cell of theirs sees the whole image
        assert_lower_left_stays(found, images)
    tall = build(name, size=size[::-1])
    assert tall.grid == grid[::-1]
    assert torch.isfinite(explain(tall, images_of(tall), [[0, 1], [2, 3]]).evidence).all()


def on_a_larger_image(found: Classifier) -> Classifier:
    """The same model on images twice as high and three times as wide."""
    side = found.preparation.height
    return Classifier(found.model, SPECIES, None, Preparation(2 * side, 3 * side), name=found.name)


@pytest.mark.parametrize("name", FREE + ON_REQUEST)
def test_a_larger_image_has_a_larger_map_where_the_model_takes_it(name: str) -> None:
    square = build(name, **({"dynamic_img_size": True} if name in ON_REQUEST else {}))
    found = on_a_larger_image(square)
    assert found.grid == (2 * square.grid[0], 3 * square.grid[1])
    assert found.route.name == square.route.name
    found.model.double()
    assert_is_autograd(found, found.route, images_of(found, 1))


@pytest.mark.parametrize("name", FIXED)
def test_another_size_is_refused_where_the_model_does_not_take_it(name: str) -> None:
    found = on_a_larger_image(build(name))
    height, width = found.preparation.height, found.preparation.width
    said = rf"^the model does not run on images of {height}x{width}: [^\n]*[^.]: build it for this size"
    with pytest.raises(ClassifierError, match=said):
        _ = found.grid


def test_pixels_that_fill_no_cell_are_refused() -> None:
    found = Classifier(build("vit_small_patch16_dinov3").model, SPECIES, None, Preparation(71, 76))
    with pytest.raises(ClassifierError, match=r"71x76: Input height \(71\) should be divisible by patch size \(16\)"):
        _ = found.grid
