"""A checkpoint from elsewhere becomes a classifier with the same scores; one that runs code is refused."""

import os
import pickle
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file
from tolerances import assert_identity

from finercam_core.errors import TrainingError
from finercam_core.explain import load_classifier
from finercam_core.train.adoption import adopt

NAMES = "scientificName,family\nAus bus,Ausidae\nAus cus Smith,Ausidae\nEus fus,\n"


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    (tmp_path / "classes.csv").write_text(NAMES)
    return tmp_path / "classes.csv"


@pytest.fixture
def network() -> torch.nn.Module:
    torch.manual_seed(1)
    return timm.create_model("test_resnet", num_classes=3).eval()


@pytest.mark.parametrize("form", ["safetensors", "plain", "of a script", "of Lightning", "net", "model_ema"])
def test_the_scores_are_those_of_the_checkpoint(
    classes: Path, network: torch.nn.Module, tmp_path: Path, form: str
) -> None:
    weights = network.state_dict()
    checkpoint = tmp_path / ("best.safetensors" if form == "safetensors" else "best.pth")
    if form == "safetensors":
        save_file(weights, checkpoint)
    else:
        torch.save(_as_saved(form, weights), checkpoint)
    found = load_classifier(adopt(checkpoint, tmp_path / "made", model="test_resnet", classes=classes))
    assert found.species == ("Aus bus", "Aus cus Smith", "Eus fus")
    image = torch.randn(2, 3, found.preparation.height, found.preparation.width, dtype=torch.float64)
    with torch.no_grad():
        assert_identity(network, found.model.double()(image), network.double()(image))
    assert "brought in from the checkpoint `best." in (tmp_path / "made" / "README.md").read_text()
    assert "Aus cus Smith,Ausidae,Aus,cus" in (tmp_path / "made" / "classes.csv").read_text()


def _as_saved(form: str, weights: dict[str, torch.Tensor]) -> dict[str, object]:
    """Weights under the keys that training programs save them with."""
    if form in ("of a script", "of Lightning"):
        prefix = "module." if form == "of a script" else "model."
        return {"epoch": 3, "state_dict": {f"{prefix}{name}": value for name, value in weights.items()}}
    return dict(weights) if form == "plain" else {form: weights, "epoch": 3}


class Bomb:
    """Unpickling it makes a folder."""

    def __init__(self, place: Path) -> None:
        self.place = str(place)

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (self.place,)


@pytest.mark.parametrize("saved", [torch.save, lambda thing, path: path.write_bytes(pickle.dumps(thing, protocol=2))])
def test_executable_pickles_are_refused_and_do_not_run(classes: Path, tmp_path: Path, saved) -> None:
    saved({"state_dict": Bomb(tmp_path / "ran")}, tmp_path / "evil.pth")
    with pytest.raises(TrainingError, match="executable pickles and was not loaded: save its state_dict as safetensor"):
        adopt(tmp_path / "evil.pth", tmp_path / "made", model="test_resnet", classes=classes)
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "made").exists()


def test_what_does_not_fit_is_said(classes: Path, network: torch.nn.Module, tmp_path: Path) -> None:
    save_file(network.state_dict(), tmp_path / "best.safetensors")
    with pytest.raises(TrainingError, match="does not fit test_vit with 3 classes"):
        adopt(tmp_path / "best.safetensors", tmp_path / "made", model="test_vit", classes=classes)
    classes.write_text("scientificName\nAus bus\nAus bus\n")
    with pytest.raises(TrainingError, match=r"row 3 of .* is 'Aus bus': name each class once"):
        adopt(tmp_path / "best.safetensors", tmp_path / "made", model="test_resnet", classes=classes)
    classes.write_text(NAMES)
    (tmp_path / "cut.safetensors").write_bytes(b"no weights")
    with pytest.raises(TrainingError, match="cannot be read"):
        adopt(tmp_path / "cut.safetensors", tmp_path / "made", model="test_resnet", classes=classes)
