"""Fine-tuning with every option: a kill at any moment changes nothing, long tails and images without sense are met."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from finercam_core.catalog import open_catalog
from finercam_core.images.preparation import Preparation
from finercam_core.train import FinetuneSettings, ProbeSettings, train
from finercam_core.train.data import TrainingData, load_data
from finercam_core.train.finetune import finetune

Make = Callable[[Path, dict[str, int]], Path]
COUNTS = {"Aus bus": 14, "Aus cus": 10, "Eus fus": 12}
PREPARATION = Preparation(8, 8)
EVERYTHING = FinetuneSettings(
    save_every=2,
    epochs=6,
    batch_size=7,
    ema=0.8,
    accumulate=2,
    patience=5,
    balance=0.5,
    beta=0.9,
    adjustment=0.5,
    cutout=0.3,
)


def net() -> nn.Module:
    torch.manual_seed(3)
    layers = nn.Conv2d(3, 6, 3, 2), nn.BatchNorm2d(6), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    return nn.Sequential(*layers, nn.Dropout(0.2), nn.Linear(6, 2))


def easy(n: int = 40) -> TrainingData:
    """Dark and bright images: two classes that any model tells apart."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 2
    pixels = (rng.integers(0, 60, (n, 8, 8, 3)) + labels[:, None, None, None] * 150).astype(np.uint8)
    split = np.where(np.arange(n) % 5 == 0, "val", "train")
    names = tuple(str(i) for i in range(n))
    return TrainingData(pixels, labels, split, ("Aus bus", "Aus cus"), names, names, {}, {}, ())


def test_every_option_together_is_the_same_after_a_stop(tmp_path: Path) -> None:
    whole, stopped, resumed = net(), net(), net()
    history = finetune(whole, easy(), PREPARATION, EVERYTHING, tmp_path / "whole.pt")

    def stop(step: int, total: int, note: str) -> None:
        if step > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        finetune(stopped, easy(), PREPARATION, EVERYTHING, tmp_path / "stopped.pt", stop)
    assert finetune(resumed, easy(), PREPARATION, EVERYTHING, tmp_path / "stopped.pt") == history
    for name, values in whole.state_dict().items():
        assert torch.equal(values, resumed.state_dict()[name]), name


@pytest.mark.parametrize("steps", [6, 7, 8, 9])
def test_a_stop_within_an_epoch_costs_the_steps_since_the_last_checkpoint(tmp_path: Path, steps: int) -> None:
    """Five steps an epoch, and a checkpoint after two and four of them; the random numbers go on as well."""
    whole, stopped, resumed = net(), net(), net()
    settings = replace(EVERYTHING, epochs=2, patience=0)
    history = finetune(whole, easy(), PREPARATION, settings, tmp_path / "whole.pt")
    made: list[int] = []

    def stop(step: int, _total: int, _note: str) -> None:
        if step > steps:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        finetune(stopped, easy(), PREPARATION, settings, tmp_path / "stopped.pt", stop)
    again = finetune(
        resumed, easy(), PREPARATION, settings, tmp_path / "stopped.pt", lambda step, *_: made.append(step)
    )
    assert made[0] == {6: 6, 7: 8, 8: 8, 9: 10}[steps]
    assert again == history
    for name, values in whole.state_dict().items():
        assert torch.equal(values, resumed.state_dict()[name]), name


def test_a_checkpoint_of_other_settings_is_not_taken_up(tmp_path: Path) -> None:
    short = FinetuneSettings(epochs=2, batch_size=8)
    finetune(net(), easy(), PREPARATION, short, tmp_path / "one.pt")
    again, fresh = net(), net()
    other = FinetuneSettings(epochs=2, batch_size=8, learning_rate=1e-3)
    finetune(again, easy(), PREPARATION, other, tmp_path / "one.pt")
    finetune(fresh, easy(), PREPARATION, other, tmp_path / "two.pt")
    assert torch.equal(again[-1].weight, fresh[-1].weight)  # type: ignore[index,arg-type]


def test_it_stops_early_and_keeps_the_best(tmp_path: Path) -> None:
    settings = FinetuneSettings(epochs=40, batch_size=8, patience=3, learning_rate=1e-2)
    history = finetune(model := net(), easy(), PREPARATION, settings, tmp_path / "c.pt")
    scores = [entry["val"] for entry in history]
    assert len(history) < 40
    assert len(scores) - 1 - scores.index(max(scores)) == 3
    rows = easy().rows("val")
    pixels, labels = easy().pixels[rows], easy().labels[rows]
    with torch.no_grad():
        found = model(torch.from_numpy(PREPARATION.normalise(pixels))).argmax(1).numpy()
    assert (found == labels).mean() == max(scores)


def test_accumulated_parts_are_the_whole_batch(tmp_path: Path) -> None:
    found = []
    for parts in (1, 4):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.Linear(192, 2))
        settings = FinetuneSettings(epochs=2, batch_size=16, accumulate=parts)
        finetune(model, easy(), PREPARATION, settings, tmp_path / f"{parts}.pt")
        found.append(model[1].weight.detach())
    torch.testing.assert_close(found[0], found[1], atol=1e-5, rtol=1e-4)


def test_layer_decay_moves_the_first_layers_less(make_collection: Make, tmp_path: Path) -> None:
    small = {"channels": [8, 16, 16, 16], "layers": [1, 1, 0, 0], "stem_width": 8}
    moved = {}
    for decay in (1.0, 0.1):
        train(
            open_catalog(make_collection(tmp_path / "images", COUNTS)), tmp_path / str(decay), model="resnet10t",
            mode="finetune", pretrained=False, model_args=small, preparation=Preparation(32, 48), device="cpu",
            settings=FinetuneSettings(epochs=1, layer_decay=decay, learning_rate=1e-3),
        )  # fmt: skip
        moved[decay] = load_file(tmp_path / str(decay) / "model.safetensors")["conv1.0.weight"]
    import timm

    torch.manual_seed(0)
    start = timm.create_model("resnet10t", num_classes=3, **small).state_dict()["conv1.0.weight"]
    assert (moved[0.1] - start).abs().mean() < 0.2 * (moved[1.0] - start).abs().mean()


def test_faults_of_a_collection_are_met_and_said(make_collection: Make, tmp_path: Path) -> None:
    counts = {"Aus bus": 30, "Aus cus": 30, "Eus fus": 1}
    table = make_collection(tmp_path / "images", counts)
    images = tmp_path / "images"
    (images / "Aus_cus-000.png").write_bytes((images / "Aus_bus-000.png").read_bytes())
    (images / "Aus_bus-001.png").write_bytes(b"no picture")
    data = load_data(open_catalog(table), Preparation(32, 48), minimum=2)
    assert data.left_out == ("Eus fus",)
    assert set(data.excluded) == {"Aus_bus-000", "Aus_cus-000"}
    assert "Aus bus and Aus cus" in data.excluded["Aus_bus-000"]
    assert list(data.unreadable) == ["Aus_bus-001"]
    assert len(data.labels) == 57


RUN = """
import sys, torch
from finercam_core.catalog import open_catalog
from finercam_core.images.preparation import Preparation
from finercam_core.train import FinetuneSettings, ProbeSettings, train
torch.set_num_threads(1)
table, folder, mode = sys.argv[1:]
small = {"channels": [8, 16, 16, 16], "layers": [1, 1, 0, 0], "stem_width": 8}
settings = FinetuneSettings(epochs=40, batch_size=8) if mode == "finetune" else ProbeSettings(batch_size=1)
note = "loss" if mode == "finetune" else "features"
train(open_catalog(table), folder, model="resnet10t", mode=mode, pretrained=False, model_args=small, device="cpu",
      preparation=Preparation(96, 128), settings=settings,
      progress=lambda s, t, n: print(n, s, t, flush=True) if n.startswith(note) else None)
"""


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["finetune", "probe"])
def test_sigkill_and_resume_give_the_same_weights(make_collection: Make, tmp_path: Path, mode: str) -> None:
    table = make_collection(tmp_path / "images", COUNTS)
    command = [sys.executable, "-c", RUN, str(table)]
    subprocess.run([*command, str(tmp_path / "a" / "whole"), mode], check=True, capture_output=True)
    cut = [*command, str(tmp_path / "b" / "cut"), mode]
    with subprocess.Popen(cut, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            step, total = (int(word) for word in line.split()[-2:])
            if step * 2 > total:
                os.kill(running.pid, signal.SIGKILL)
                break
    assert running.returncode == -signal.SIGKILL
    assert not (tmp_path / "b" / "cut").exists()
    subprocess.run(cut, check=True, capture_output=True)
    one, two = (load_file(tmp_path / name / "model.safetensors") for name in ("a/whole", "b/cut"))
    for name, values in one.items():
        assert torch.equal(values, two[name]), name


def test_planted_label_noise_is_listed(make_collection: Make, tmp_path: Path) -> None:
    data = easy(100)
    features = data.pixels.reshape(100, -1).astype(np.float32)[:, :12]
    data.labels[[3, 4]] = 1 - data.labels[[3, 4]]
    from finercam_core.train.probe.head import probe
    from finercam_core.train.quality import doubts

    head, _ = probe(features, data, ProbeSettings(strengths=(0.1,)))
    found = doubts(data, head.scores(torch.from_numpy(features)).numpy())
    assert {label.image_id for label in found} == {"3", "4"}
