"""Training: the folder is timm's own, a resumed run ends in the same weights, and faults are said."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import load_file
from tolerances import assert_identity

from finercam_core.catalog import open_catalog
from finercam_core.errors import ClassifierError, TrainingError
from finercam_core.explain import load_classifier
from finercam_core.images.preparation import Preparation
from finercam_core.train import FinetuneSettings, ProbeSettings, train

COUNTS = {"Aus bus": 12, "Aus cus": 12, "Eus fus": 12}
SMALL = {"channels": [8, 16, 16, 16], "layers": [1, 1, 0, 0], "stem_width": 8}
HALF = (0.5, 0.5, 0.5)
Make = Callable[[Path, dict[str, int]], Path]


def finetune(catalog_path: Path, folder: Path, **changes: object):
    settings = FinetuneSettings(epochs=3, batch_size=8)
    options = {"settings": settings, "device": "cpu", "model_args": SMALL, "pretrained": False, **changes}
    preparation = Preparation(32, 48, mean=HALF, std=HALF)
    return train(
        open_catalog(catalog_path), folder, model="resnet10t", mode="finetune", preparation=preparation, **options
    )  # type: ignore[arg-type]


def test_the_folder_is_timms_own_and_finercams(make_collection: Make, tmp_path: Path) -> None:
    report = finetune(make_collection(tmp_path / "images", COUNTS), tmp_path / "classifier")
    assert report.accuracy["train"].n + report.accuracy["val"].n + report.accuracy["test"].n == 36
    ours = load_classifier(tmp_path / "classifier")
    assert ours.species == ("Aus bus", "Aus cus", "Eus fus")
    assert ours.preparation == Preparation(32, 48, mean=HALF, std=HALF)
    theirs = timm.create_model(f"local-dir:{tmp_path / 'classifier'}", pretrained=True).eval()
    image = torch.randn(2, 3, 32, 48, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    ours.model.eval()
    with torch.no_grad():
        assert_identity(theirs, theirs.double()(image), ours.model.double()(image))
    assert theirs.pretrained_cfg["label_names"] == list(ours.species)
    card = (tmp_path / "classifier" / "README.md").read_text()
    assert "3 species" in card
    assert "Calibration: expected error" in card
    training = json.loads((tmp_path / "classifier" / "training.json").read_text())
    assert [entry["epoch"] for entry in training["curve"]] == [1, 2, 3]
    weights = (tmp_path / "classifier" / "model.safetensors").read_bytes()
    assert training["sha256"] == {"model.safetensors": hashlib.sha256(weights).hexdigest()}
    with Image.open(tmp_path / "classifier" / "curve.png") as curve:
        assert min(curve.size) > 200


def test_a_classifier_that_starts_from_another_opens_without_it(make_collection: Make, tmp_path: Path) -> None:
    catalog = make_collection(tmp_path / "images", COUNTS)
    finetune(catalog, tmp_path / "first")
    start = f"local-dir:{tmp_path / 'first'}"
    report = train(
        open_catalog(catalog), tmp_path / "second", model=start, mode="probe", device="cpu",
        preparation=Preparation(32, 48, mean=HALF, std=HALF),
    )  # fmt: skip
    assert report.accuracy["train"].n > 0
    (tmp_path / "first").rename(tmp_path / "elsewhere")
    config = json.loads((tmp_path / "second" / "config.json").read_text(encoding="utf-8"))
    assert config["architecture"] == "resnet10t"
    training = json.loads((tmp_path / "second" / "training.json").read_text(encoding="utf-8"))
    assert (training["model"], training["pretrained"]) == ("local-dir:first", True)
    assert config["model_args"]["channels"] == SMALL["channels"]
    assert load_classifier(tmp_path / "second").species == ("Aus bus", "Aus cus", "Eus fus")


def test_a_stopped_run_goes_on_to_the_same_weights(
    make_collection: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = make_collection(tmp_path / "images", COUNTS)
    finetune(catalog, tmp_path / "whole")

    def stop(step: int, total: int, note: str) -> None:
        if note.startswith("loss") and step > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        finetune(catalog, tmp_path / "stopped", progress=stop)
    steps: list[int] = []
    finetune(catalog, tmp_path / "stopped", progress=lambda s, _t, n: steps.append(s) if n.startswith("loss") else None)
    assert min(steps) > 1
    one, two = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "stopped"))
    for name, values in one.items():
        assert torch.equal(values, two[name]), name


def test_a_probe_changes_the_head_alone(make_collection: Make, tmp_path: Path) -> None:
    catalog = make_collection(tmp_path / "images", COUNTS)
    (tmp_path / "images" / "Aus_bus-003.png").write_bytes(b"no picture")
    report = train(
        open_catalog(catalog), tmp_path / "probe", model="resnet10t", mode="probe", pretrained=False,
        model_args=SMALL, preparation=Preparation(32, 48), settings=ProbeSettings(), device="cpu",
    )  # fmt: skip
    assert list(report.unreadable) == ["Aus_bus-003"]
    assert "not an image" in report.unreadable["Aus_bus-003"]
    torch.manual_seed(0)
    fresh = timm.create_model("resnet10t", num_classes=3, **SMALL).state_dict()
    found = load_file(tmp_path / "probe" / "model.safetensors")
    changed = {name for name, values in found.items() if not torch.equal(values, fresh[name])}
    assert changed == {"fc.weight", "fc.bias"}
    assert report.accuracy["train"].low > 1 / 3


def test_faults_are_said_in_one_sentence(make_collection: Make, tmp_path: Path) -> None:
    catalog = make_collection(tmp_path / "images", COUNTS)
    with pytest.raises(TrainingError, match="lower the learning rate"):
        finetune(catalog, tmp_path / "nan", settings=FinetuneSettings(epochs=3, learning_rate=1e30))
    (tmp_path / "there").mkdir()
    with pytest.raises(TrainingError, match="exists already"):
        finetune(catalog, tmp_path / "there")
    with pytest.raises(TrainingError, match="cannot be built"):
        train(open_catalog(catalog), tmp_path / "x", model="resnet_9000", preparation=Preparation(32, 48))
    alone = make_collection(tmp_path / "one", {"Aus bus": 3})
    with pytest.raises(TrainingError, match="give two or more"):
        finetune(alone, tmp_path / "alone")


def test_a_checkpoint_with_pickles_is_not_loaded(tmp_path: Path) -> None:
    folder = tmp_path / "pickled"
    folder.mkdir()
    torch.save({"weights": np.zeros(3)}, folder / "pytorch_model.bin")
    (folder / "config.json").write_text('{"architecture": "resnet10t", "num_classes": 2, "label_names": ["a", "b"]}')
    with pytest.raises(ClassifierError, match="pickled checkpoints are not loaded"):
        load_classifier(folder)
