"""What the demo is made of: the collection's size, the model, and how it is trained."""

import json
from importlib.resources import files
from pathlib import Path

from finercam_core.catalog import Catalog
from finercam_core.images.preparation import Preparation
from finercam_core.train import FinetuneSettings, train
from finercam_core.train.data import Progress

SEED = 0
TRAIN, VAL, TEST = 60, 8, 16  # specimens a species
MODEL = "resnet10t"
# Two stages down to cells of eight pixels and no more: a cell then sees a part of the fish and not the whole of it,
# which doubles the energy that the maps put into the true difference.
MODEL_ARGS = {"layers": [2, 1, 0, 0], "channels": [32, 96, 96, 96]}
HALF = (0.5, 0.5, 0.5)
PREPARATION = Preparation(96, 128, mode="pad", mean=HALF, std=HALF)
SETTINGS = FinetuneSettings(epochs=30, batch_size=48, learning_rate=4e-3, weight_decay=0.05, cutout=0.25)


def manifest() -> str:
    """Text of the demo's manifest: `catalogs/demo.toml`, which wheels carry inside the package."""
    packaged = files("finercam_flows") / "catalogs" / "demo.toml"
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (Path(__file__).parents[2] / "catalogs" / "demo.toml").read_text(encoding="utf-8")


def train_demo(catalog: Catalog, folder: Path, progress: Progress) -> None:
    """Train the demo's classifier from random weights; the same every time on the same machine."""
    train(
        catalog, folder, model=MODEL, mode="finetune", pretrained=False, model_args=MODEL_ARGS,
        preparation=PREPARATION, settings=SETTINGS, device="cpu", progress=progress,
    )  # fmt: skip


def test_accuracy(report: Path) -> float:
    """Accuracy on the test split as written by the training."""
    return float(json.loads(report.read_text(encoding="utf-8"))["accuracy"]["test"]["top1"])
