"""Weights that come with a package are those of the model, and nothing is asked of the network."""

from pathlib import Path

import numpy as np
import pytest
import skimage.data
import timm
import torch
from PIL import Image
from timm.data import ImageNetInfo

from finercam_core.errors import ClassifierError, TrainingError
from finercam_core.explain.model.factories import find_factory
from finercam_core.explain.model.packaged import load_packaged, packaged
from finercam_core.images.preparation import Preparation
from finercam_core.train.backbone import BackboneSpec

SEEN = {"chelsea": ("tabby", "tiger cat", "Egyptian cat"), "coffee": ("espresso", "cup"), "camera": ("tripod",)}


def test_the_packaged_weights_name_what_is_in_photographs() -> None:
    path = packaged("tf_efficientnet_lite0.in1k")
    assert path is not None
    network = timm.create_model("tf_efficientnet_lite0").eval()
    load_packaged(network, path)
    for name, words in SEEN.items():
        picture = Image.fromarray(getattr(skimage.data, name)()).convert("RGB").resize((224, 224))
        image = torch.tensor(np.asarray(picture)).permute(2, 0, 1)[None] / 127.5 - 1
        with torch.no_grad():
            best = int(network(image).argmax())
        assert ImageNetInfo().index_to_description(best).partition(",")[0] in words


def test_a_backbone_is_built_from_them_with_a_head_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:1")
    spec = BackboneSpec("tf_efficientnet_lite0")
    network, construction = spec.build(5)
    path = packaged("tf_efficientnet_lite0")
    assert path is not None
    theirs = torch.load(path, weights_only=True)
    torch.testing.assert_close(network.get_parameter("conv_stem.weight"), theirs["_conv_stem.weight"])
    assert network.get_parameter("classifier.weight").shape == (5, 1280)
    assert construction.to_dict() == {"architecture": "tf_efficientnet_lite0", "model_args": {}}
    half = (0.5, 0.5, 0.5)
    assert (spec.preparation().mean, spec.preparation().std, spec.preparation().height) == (half, half, 224)
    assert isinstance(spec.preparation(), Preparation)


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(3)}, tmp_path / "a.pth")
    with pytest.raises(ClassifierError, match=r"a\.pth does not hold the weights"):
        load_packaged(timm.create_model("test_efficientnet"), tmp_path / "a.pth")
    assert packaged("resnet50") is None
    assert packaged("tf_efficientnet_lite0.other") is None


@pytest.mark.parametrize("model", ["resnet18.a1_in1k", "vit_tiny_patch16_224"])
def test_without_a_network_one_sentence_says_what_works(
    model: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    sentence = rf"weights of {model} are not on this machine.*: connect once, or use .*tf_efficientnet_lite0 needs no"
    with pytest.raises(TrainingError, match=sentence):
        BackboneSpec(model).build(3)
    assert capfd.readouterr().err == ""


def test_a_slip_in_the_name_of_a_model_is_told() -> None:
    with pytest.raises(TrainingError, match=r"did you mean resnet50\?"):
        BackboneSpec("resent50", pretrained=False).build(3)


def test_factories_are_found_in_files_and_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "beside.py").write_text("WIDTH = 7\n")
    (tmp_path / "mine.py").write_text("from beside import WIDTH\nbuild = lambda num_classes: num_classes * WIDTH\n")
    assert find_factory("mine.py:build")(3) == 21
    assert find_factory(f"{tmp_path}/mine.py:build") is find_factory("mine.py:build")
    assert find_factory("mine:build")(2) == 14
    with pytest.raises(ClassifierError, match=r"mine.py has no function 'bild': did you mean build\?"):
        find_factory("mine.py:bild")
    with pytest.raises(ClassifierError, match=r"there is no yours\.py"):
        find_factory("yours.py:build")
    (tmp_path / "broken.py").write_text("1 / 0\n")
    with pytest.raises(ClassifierError, match=r"broken\.py cannot be imported: ZeroDivisionError"):
        find_factory("broken.py:build")
    with pytest.raises(ClassifierError, match=r"give file\.py:function"):
        find_factory("no_such_module:build")
