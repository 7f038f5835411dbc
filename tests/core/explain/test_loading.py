"""Classifiers in timm's form from a folder or the hub, with the names that their files carry; nothing is downloaded."""

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest
import timm
import torch
from safetensors.torch import save_file

from finercam_core.errors import ClassifierError
from finercam_core.explain import Classifier, explain, load_classifier
from finercam_core.explain.folds import FoldHeads
from finercam_core.explain.model.execution import Execution
from finercam_core.images.preparation import Preparation
from finercam_core.parts import ImageLists, Part
from finercam_core.parts.lists import ListedImage

NAMES = ["Aus bus", "Aus cus", "Eus fus"]
CONFIG = {"input_size": [3, 96, 64], "mean": [0.5, 0.5, 0.5], "std": [0.2, 0.2, 0.2], "crop_pct": 1.0}
CSV = "index,scientificName\n" + "".join(f"{i},{name}\n" for i, name in enumerate(NAMES))
Write = Callable[..., Path]


@pytest.fixture
def write() -> Write:
    """Write a small seeded model in timm's form."""

    def write(folder: Path, **config: Any) -> Path:
        folder.mkdir(parents=True)
        torch.manual_seed(2)
        save_file(timm.create_model("test_resnet", num_classes=3).state_dict(), folder / "model.safetensors")
        text = {"architecture": "test_resnet", "num_classes": 3, "pretrained_cfg": CONFIG, **config}
        (folder / "config.json").write_text(json.dumps(text))
        return folder

    return write


@pytest.mark.parametrize("where", ["pretrained_cfg", "config.json", "classes.csv"])
@pytest.mark.parametrize("prefix", ["local-dir:", ""])
def test_names_come_with_the_folder(write: Write, tmp_path: Path, where: str, prefix: str) -> None:
    if where == "pretrained_cfg":
        folder = write(tmp_path / "made", pretrained_cfg={**CONFIG, "label_names": NAMES})
    elif where == "config.json":
        folder = write(tmp_path / "made", label_names=NAMES)
    else:
        folder = write(tmp_path / "made", label_names=["n01440764", "n01443537", "n01484850"])
        (folder / "classes.csv").write_text(CSV)
    found = load_classifier(f"{prefix}{folder}", device="cpu")
    assert list(found.species) == NAMES
    assert (found.preparation.height, found.preparation.width, found.preparation.std) == (96, 64, (0.2, 0.2, 0.2))
    theirs = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
    images = torch.randn(2, 3, 96, 64)
    with torch.no_grad():
        torch.testing.assert_close(explain(found, images, [[0, 1], [2, 0]]).logits, theirs(images))


def test_a_factorys_classifier_keeps_what_it_came_with_at_another_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Classifier(
        timm.create_model("test_resnet", num_classes=3).eval(), NAMES, execution=Execution("bfloat16"),
        lists=ImageLists((ListedImage("a", NAMES[0], "", Part.TRAIN),)),
        heads=FoldHeads(torch.zeros(2, 3, 4), torch.zeros(2, 3)),
    )  # fmt: skip
    (tmp_path / "made_elsewhere.py").write_text("made = None\n\n\ndef build():\n    return made\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("made_elsewhere").made = made
    found = load_classifier("made_elsewhere:build", target_layer="layer3", device="cpu")
    assert found.target_layer == "layer3"
    assert (found.lists, found.heads, found.execution) == (made.lists, made.heads, made.execution)


def test_the_number_of_names_is_that_of_the_scores(write: Write, tmp_path: Path) -> None:
    folder = write(tmp_path / "made")
    with pytest.raises(ClassifierError, match=r"does not name its classes: add classes\.csv"):
        load_classifier(folder)
    with pytest.raises(ClassifierError, match="has 3 classes, but 2 names are given"):
        load_classifier(folder, species=NAMES[:2])
    with pytest.raises(ClassifierError, match="there is no folder nowhere"):
        load_classifier("local-dir:nowhere")
    model = timm.create_model("test_resnet", num_classes=3)
    with pytest.raises(ClassifierError, match="the model gives 3 scores and has 2 names"):
        _ = Classifier(model, NAMES[:2], preparation=Preparation(96, 64)).grid


def test_a_head_that_does_not_fit_the_names_is_never_replaced_by_a_random_one(monkeypatch: pytest.MonkeyPatch) -> None:
    create = timm.create_model
    monkeypatch.setattr(timm, "create_model", lambda name, pretrained: create(name))  # without a download
    with pytest.raises(ClassifierError, match=r"test_resnet has 1000 classes, but 3 names are given: train it"):
        load_classifier("test_resnet", species=NAMES)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The hub's own cache, without a network; a folder for the files of somebody/fishes."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    repository, commit = tmp_path / "hub" / "models--somebody--fishes", "5" * 40
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit)
    return repository / "snapshots" / commit


def test_the_hub_gives_the_same_as_the_folder(write: Write, cache: Path) -> None:
    folder = write(cache, label_names=NAMES)
    ours = load_classifier(folder, device="cpu").to_provenance()
    for spec in ("hf-hub:somebody/fishes", "hf-hub:somebody/fishes@main", f"hf-hub:somebody/fishes@{'5' * 40}"):
        found = load_classifier(spec, device="cpu")
        assert list(found.species) == NAMES
        assert found.to_provenance() == ours


def test_a_repository_cannot_have_a_function_called(write: Write, cache: Path) -> None:
    folder = write(cache, label_names=NAMES)
    (folder / "finercam.json").write_text('{"factory": "os:abort", "kwargs": {}}')
    assert list(load_classifier("hf-hub:somebody/fishes", device="cpu").species) == NAMES


@pytest.mark.usefixtures("cache")
def test_what_the_hub_does_not_have_is_said() -> None:
    with pytest.raises(
        ClassifierError, match=r"hf-hub:somebody/birds cannot be downloaded from the hub: .*: check its name"
    ):
        load_classifier("hf-hub:somebody/birds")
    with pytest.raises(ClassifierError, match="cannot be downloaded from the hub"):
        load_classifier("hf-hub:some body/b!rds")
