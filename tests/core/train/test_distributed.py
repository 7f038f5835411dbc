"""Two processes of torchrun train one model together, to the weights that one process gives alone."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

RUN = """
import sys
from pathlib import Path
import numpy as np, torch
from torch import nn
from finercam_core.errors import TrainingError
from finercam_core.images.preparation import Preparation
from finercam_core.train import FinetuneSettings
from finercam_core.train.data import TrainingData
from finercam_core.train.distributed import joined
from finercam_core.train.finetune import finetune
torch.set_num_threads(1)
rng = np.random.default_rng(0)
labels = np.arange(40) % 2
pixels = (rng.integers(0, 60, (40, 8, 8, 3)) + labels[:, None, None, None] * 150).astype(np.uint8)
names = tuple(map(str, range(40)))
split = np.where(np.arange(40) % 5 == 0, "val", "train")
data = TrainingData(pixels, labels, split, ("Aus bus", "Aus cus"), names, names, {}, {}, ())
torch.manual_seed(0)
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
same = FinetuneSettings(epochs=4, batch_size=10, shift=0, light=0, ema=0.5, accumulate=2, patience=4)
folder = Path(sys.argv[1])
with joined("cpu") as world:
    history = finetune(model, data, Preparation(8, 8), same, folder / "checkpoint.pt", world=world)
    if world.rank == 0:
        torch.save(model.state_dict(), folder / f"weights-{world.size}.pt")
        print(world.size, history[-1]["loss"])
"""


def test_two_processes_give_the_weights_of_one(tmp_path: Path) -> None:
    (tmp_path / "run.py").write_text(RUN)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    for name, starter in (("one", [sys.executable]), ("two", torchrun)):
        (tmp_path / name).mkdir()
        done = subprocess.run(
            [*starter, str(tmp_path / "run.py"), str(tmp_path / name)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    alone = torch.load(tmp_path / "one" / "weights-1.pt", weights_only=True)
    together = torch.load(tmp_path / "two" / "weights-2.pt", weights_only=True)
    for name, values in alone.items():
        torch.testing.assert_close(together[name], values, atol=1e-5, rtol=1e-4)


def test_a_probe_in_several_processes_is_refused(make_collection, tmp_path: Path) -> None:
    from finercam_core.catalog import open_catalog
    from finercam_core.errors import TrainingError
    from finercam_core.images.preparation import Preparation
    from finercam_core.train.backbone import BackboneSpec
    from finercam_core.train.data import load_data
    from finercam_core.train.distributed import World
    from finercam_core.train.run import Fit
    from finercam_core.train.settings import ProbeSettings

    data = load_data(open_catalog(make_collection(tmp_path / "i", {"Aus bus": 6, "Aus cus": 6})), Preparation(32, 48))
    network, construction = BackboneSpec("test_resnet", pretrained=False).build(2)
    world = World(torch.device("cpu"), 0, 2)
    fit = Fit(
        network, construction, data, Preparation(32, 48), tmp_path / "out", tmp_path / "features.zarr", None, world
    )
    with pytest.raises(TrainingError, match="in one process, not in 2"):
        fit.probe(ProbeSettings(), 0)
