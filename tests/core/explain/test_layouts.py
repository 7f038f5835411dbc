"""Where a layer's cells lie is proven: tokens in another order are refused, with a layer that can be used."""

import re

import pytest
import torch
import torchvision
from every_family import built, evidence_by_autograd, varied
from timm.models.nest import Nest
from timm.models.volo import VOLO
from torch import nn

from finercam_core.errors import ClassifierError
from finercam_core.explain import Classifier, explain
from finercam_core.explain.model.location import Location, locations
from finercam_core.images.preparation import Preparation

CLASSES = 5
SPECIES = [f"Aus species{i}" for i in range(CLASSES)]
NEST = {"img_size": 64, "embed_dims": (12, 16, 24), "num_heads": (1, 1, 2), "depths": (1, 1, 1)}
HIERA = {"img_size": (64, 64), "embed_dim": 16, "num_heads": 1, "stages": (1, 1, 1, 1)}
TNT = {"depth": 2, "embed_dim": 48, "num_heads_outer": 2}
TOKENS = {"img_size": 64, "depth": 2, "embed_dim": 48, "num_heads": 3}


def assert_is_autograd(found: Classifier) -> None:
    size = (2, 3, found.preparation.height, found.preparation.width)
    images = torch.randn(size, generator=torch.Generator().manual_seed(1)).double()
    ours = explain(found, images, torch.arange(CLASSES).expand(2, -1)).evidence
    theirs = evidence_by_autograd(found, images)
    assert float((ours - theirs).abs().max()) <= 1e-9 * float(theirs.abs().max())


@pytest.mark.parametrize(
    ("name", "arguments", "layer", "said"),
    [
        ("nest_tiny", {}, "levels.1.transformer_encoder.0.norm1", "use norm"),
        ("mobilevitv2_050", {}, "stages.3.1.transformer.0.norm1", "use "),
        ("hiera_tiny_224", HIERA, "blocks.0.norm1", "use blocks"),
        ("hiera_tiny_224", HIERA, "blocks.1.mlp.fc2", "use blocks"),
        ("tnt_s_legacy_patch16_224", TNT, "blocks.1.attn_out.attn_drop", "use blocks.1.norm_out"),
    ],
)
def test_tokens_in_another_order_are_refused(name: str, arguments: dict[str, object], layer: str, said: str) -> None:
    torch.manual_seed(3)
    model = varied(Nest(num_classes=CLASSES, **NEST)) if name == "nest_tiny" else built(name, **arguments).model
    side = 224 if "tnt" in name else 64
    named = Classifier(model, SPECIES, layer, Preparation(side, side))
    with pytest.raises(ClassifierError) as caught:
        _ = named.grid
    assert re.search(said, str(caught.value)), str(caught.value)
    usable = re.search(r"use (\S+)$", str(caught.value))
    if usable:
        assert_is_autograd(Classifier(model, SPECIES, usable[1], Preparation(side, side)))


def test_a_grid_that_is_upside_down_is_found() -> None:
    class Flipped(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.flip(2)

    model = nn.Sequential()
    model.add_module("conv", nn.Conv2d(3, 4, 8, stride=8))
    model.add_module("flipped", Flipped())
    found = locations(model, torch.zeros(2, 3, 64, 64))
    assert found["conv"].right
    assert found["flipped"].wrong
    assert found["flipped"].order == pytest.approx((-1, 1))


def test_what_sees_the_whole_image_everywhere_cannot_be_told() -> None:
    changes = torch.ones(4, 3, 3, dtype=torch.float64)
    assert not Location.of(changes).right
    assert not Location.of(changes).wrong


@pytest.mark.parametrize("wrap", ["sequential", "parallel", "both"])
def test_a_wrapped_vision_transformer_works_by_default(wrap: str) -> None:
    inner = built("vit_tiny_patch16_224", **TOKENS)
    model: nn.Module = inner.model if wrap == "sequential" else nn.DataParallel(inner.model)
    model = model if wrap == "parallel" else nn.Sequential(model)
    found = Classifier(model, SPECIES, preparation=Preparation(64, 64))
    assert found.target_layer.endswith("blocks.1.norm1")
    assert (found.grid, found.route.name) == ((4, 4), inner.route.name)
    assert_is_autograd(found)
    assert found.class_weights is not None


def test_the_vision_transformer_of_torchvision_works_by_default() -> None:
    torch.manual_seed(0)
    model = torchvision.models.VisionTransformer(
        image_size=64, patch_size=16, num_layers=2, num_heads=2, hidden_dim=32, mlp_dim=64, num_classes=CLASSES
    )
    nn.init.normal_(model.heads.head.weight)
    found = Classifier(varied(model), SPECIES, preparation=Preparation(64, 64))
    assert (found.target_layer, found.grid) == ("encoder.layers.encoder_layer_1.ln_1", (4, 4))
    assert_is_autograd(found)


def test_blocks_with_parallel_attentions_work_by_default() -> None:
    found = built("vit_small_patch16_18x2_224", **TOKENS)
    assert found.grid == (4, 4)
    assert_is_autograd(found)


@pytest.mark.parametrize("size", [(100, 150), (64, 70), (33, 128)])
def test_a_grid_on_padded_images_is_laid_on_them(size: tuple[int, int]) -> None:
    """The cells of the last column and row reach beyond the image, as the model pads it there."""
    found = built("vit_tiny_patch16_224", **TOKENS, dynamic_img_size=True, dynamic_img_pad=True)
    found = Classifier(found.model, SPECIES, preparation=Preparation(*size, "squash"))
    rows, columns = -(-size[0] // 16), -(-size[1] // 16)
    assert found.grid == (rows, columns)
    window = found.preparation.window((size[1], size[0]))
    assert window == (0, 0, 16 * columns, 16 * rows)


class Projected(nn.Module):
    """A classifier with a projection, registered behind it, that the scores do not use."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 4, stride=4)
        self.head = nn.Linear(8, CLASSES)
        self.projection = nn.Linear(8, width)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        features = self.conv(images).relu().mean(dim=(2, 3))
        self.projection(features)
        scores: torch.Tensor = self.head(features)
        return scores


@pytest.mark.parametrize("width", [128, CLASSES])
def test_the_weights_are_those_of_the_layer_that_gives_the_scores(width: int) -> None:
    torch.manual_seed(0)
    found = Classifier(Projected(width).eval(), SPECIES, "conv", Preparation(16, 16))
    weights = found.class_weights
    assert weights is not None
    torch.testing.assert_close(torch.from_numpy(weights), found.model.head.weight.detach())


def test_a_model_of_timm_that_pools_by_a_second_head_explains_features() -> None:
    model: nn.Module = VOLO(
        (1, 1, 1, 1), 64, num_classes=CLASSES, embed_dims=[12, 24, 24, 24], num_heads=[2, 2, 2, 2], stem_hidden_dim=8
    )
    model.pretrained_cfg = {"classifier": ("head", "aux_head"), "input_size": (3, 64, 64)}
    classifier = Classifier(varied(model), SPECIES, preparation=Preparation(64, 64))
    assert "head" not in classifier.target_layer
    assert_is_autograd(classifier)
