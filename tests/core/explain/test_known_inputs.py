"""Inputs that once failed, small: families by their own classes, and preparations from a model's configuration."""

import copy
from pathlib import Path

import huggingface_hub.constants
import numpy as np
import pytest
import timm
import torch
from every_family import CLASSES, SPECIES, evidence_by_autograd, varied
from PIL import Image
from timm.models.crossvit import CrossVit
from timm.models.pit import PoolingVisionTransformer
from tolerances import assert_identity
from torch import nn

from finercam_core.errors import ComparisonError
from finercam_core.explain import Classifier, explain
from finercam_core.images.preparation import Preparation, to_image
from finercam_core.references import policy_of
from finercam_core.references.tables import write_confusions


def pit() -> nn.Module:
    return PoolingVisionTransformer(
        img_size=64, patch_size=8, stride=8, base_dims=(8, 8, 8), depth=(1, 1, 1), heads=(1, 2, 4), mlp_ratio=2,
        num_classes=CLASSES,
    )  # fmt: skip


def distilled_pit() -> nn.Module:
    return PoolingVisionTransformer(
        img_size=64, patch_size=8, stride=8, base_dims=(8, 8, 8), depth=(1, 1, 1), heads=(1, 2, 4), mlp_ratio=2,
        num_classes=CLASSES, distilled=True,
    )  # fmt: skip


def crossvit() -> nn.Module:
    return CrossVit(
        img_size=64, img_scale=(1.0, 1.0), patch_size=(8, 16), num_classes=CLASSES, embed_dim=(16, 24),
        depth=((1, 1, 0),), num_heads=(2, 2), mlp_ratio=(2.0, 2.0, 1.0),
    )  # fmt: skip


@pytest.mark.parametrize("make", [pit, distilled_pit, crossvit])
def test_models_that_were_called_untrained_work_by_default(make: object) -> None:
    """Their scores differ from image to image, and their default layer is one that the scores depend on."""
    torch.manual_seed(0)
    found = Classifier(varied(make()), SPECIES, preparation=Preparation(64, 64))  # type: ignore[operator]
    images = torch.randn((2, 3, 64, 64), generator=torch.Generator().manual_seed(1)).double()
    ours = explain(found, images, torch.arange(CLASSES).expand(2, -1)).evidence
    assert_identity(found.model, ours, evidence_by_autograd(found, images))


@pytest.mark.parametrize(("mode", "crop"), [("squash", 1.0), ("border", 1.0), ("border", 1.2)])
@pytest.mark.parametrize("size", [(300, 100), (90, 240)])
def test_a_long_photograph_keeps_its_ends_and_maps_come_back_to_them(
    mode: str, crop: float, size: tuple[int, int]
) -> None:
    """timm's own preparation: what is at both ends is seen, and the cell that sees it covers it."""
    model = copy.copy(timm.create_model("test_resnet", num_classes=CLASSES))
    model.pretrained_cfg = {**model.pretrained_cfg, "crop_mode": mode, "crop_pct": crop, "input_size": (3, 96, 96)}
    preparation = Classifier(model, SPECIES).preparation
    width, height = size
    photograph = np.full((height, width, 3), 128, np.uint8)
    long = width > height
    ends = (slice(None), slice(0, 20)) if long else (slice(0, 20), slice(None))
    photograph[ends] = (255, 0, 0)
    input_ = preparation.resize(Image.fromarray(photograph)).astype(int)
    red = (input_[..., 0] > 200) & (input_[..., 1] < 60)
    assert red.any()
    seen = to_image(red.astype(np.float32), preparation.window(size), size)
    inside, outside = seen[ends].mean(), seen.sum() - seen[ends].sum()
    assert inside > 0.8
    assert outside < 0.1 * seen.sum()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The hub's own cache, without a network; the folder for the files of somebody/fishes."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    place, commit = tmp_path / "hub" / "models--somebody--fishes", "5" * 40
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text(commit)
    (place / "snapshots" / commit).mkdir(parents=True)
    return place / "snapshots" / commit


def test_confusions_come_with_a_classifier_of_the_hub(repository: Path, tmp_path: Path) -> None:
    write_confusions(tmp_path / "confusions.csv", {("Aus bus", "Aus cus"): 3})
    (repository / "confusions.csv").write_bytes((tmp_path / "confusions.csv").read_bytes())
    expected = policy_of("confusions", tmp_path).settings
    for spec in ("hf-hub:somebody/fishes", "hf-hub:somebody/fishes@main"):
        assert policy_of("confusions", spec).settings == expected


def test_confusions_that_the_hub_does_not_have_are_one_sentence(repository: Path) -> None:
    (repository / "config.json").write_text("{}")
    for spec in ("hf-hub:somebody/fishes", "hf-hub:somebody/birds"):
        with pytest.raises(ComparisonError, match=r"confusions\.csv.*: choose by tier") as caught:
            policy_of("confusions", spec)
        assert "\n" not in str(caught.value)
