"""Fine-tune on streamed images, be killed, and go on: `python tests/benchmarks/streaming.py [ROWS [OUT]]`.

The rendered collection of the demo, scaled down, is repeated to so many rows, 200,000 by default. A small network is
trained for one epoch: with the images in memory, streamed, and streamed with a SIGKILL in the middle. Printed are the
resident memory at 10, 50 and 100 % of the steps, and whether the weights are the same bit for bit.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from PIL import Image
from rich.console import Console
from rich.table import Table

SMALL = {"channels": [8, 16, 16, 16], "layers": [1, 1, 0, 0], "stem_width": 8}
SIZE = (64, 32)  # of a photograph
INPUT = (24, 48)  # height and width of the network's
SHARES = (0.1, 0.5, 1.0)
_COLUMNS = ["image_id", "scientificName", "family", "genus", "path", "split"]


def main(rows: int, folder: Path) -> None:
    """Train in three ways, and print what they took."""
    prepare(folder, rows)
    table = Table("images", "seconds", "MiB at 10 %", "at 50 %", "at 100 %", "accuracy on test", title=f"{rows:,} rows")
    found = {}
    for name, held, cut in (("in memory", 100.0, 0.0), ("streamed", 0.0, 0.0), ("streamed, killed", 0.0, 0.55)):
        out, begun, memory = folder / name.replace(", ", "-").replace(" ", "-"), time.perf_counter(), dict[float, int]()
        if cut:
            assert trained(folder, out, held, memory, cut) == -signal.SIGKILL
        assert trained(folder, out, held, memory) == 0
        found[name] = (out / "model.safetensors").read_bytes()
        accuracy = json.loads((out / "training.json").read_text())["accuracy"]["test"]["top1"]
        cells = [f"{memory[share]:,}" for share in SHARES]
        table.add_row(name, f"{time.perf_counter() - begun:.0f}", *cells, f"{accuracy:.4f}")
    Console(width=120).print(table)
    print("the same weights bit for bit:", len(set(found.values())) == 1)


def prepare(folder: Path, rows: int) -> None:
    """Render the demo, scale it down, and repeat its table."""
    from finercam_core.catalog import open_catalog
    from finercam_core.synthetic import render_collection

    (folder / "small").mkdir(parents=True, exist_ok=True)
    render_collection(folder / "demo")
    catalog = open_catalog(folder / "demo")
    for place in catalog.specimens["path"]:
        with Image.open(Path(catalog.root) / place) as image:
            image.convert("RGB").resize(SIZE).save(folder / "small" / f"{Path(place).stem}.png")
    table = catalog.specimens[_COLUMNS].assign(path=[f"{Path(place).stem}.png" for place in catalog.specimens["path"]])
    repeated = pd.concat([table] * -(-rows // len(table)), ignore_index=True).head(rows)
    repeated.assign(image_id=[f"{number:07d}" for number in range(rows)]).to_parquet(
        folder / "small" / "catalog.parquet"
    )


def trained(folder: Path, out: Path, held: float, memory: dict[float, int], cut: float = 0.0) -> int:
    """Train in a process of its own, killed after a share of its steps; its return code."""
    command = [sys.executable, __file__, "train", str(folder), str(out), str(held)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            share, used = float(line.split()[0]), int(line.split()[1])
            memory |= {one: used for one in SHARES if share <= one}
            if cut and share >= cut:
                os.kill(running.pid, signal.SIGKILL)
                break
    return running.returncode


def train_one(folder: Path, out: Path, held: float) -> None:
    """Train, and print the share of the steps that are done with the resident memory in MiB."""
    import torch

    from finercam_core.catalog import open_catalog
    from finercam_core.images.preparation import Preparation
    from finercam_core.train import FinetuneSettings, train

    torch.set_num_threads(1)

    def told(step: int, total: int, note: str) -> None:
        if note.startswith("loss") and (step % max(1, total // 50) == 0 or step == total):
            status = Path("/proc/self/status").read_text()
            used = next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmRSS"))
            print(step / total, used, flush=True)

    train(
        open_catalog(folder / "small" / "catalog.parquet"), out, model="resnet10t", mode="finetune", pretrained=False,
        model_args=SMALL, preparation=Preparation(*INPUT), device="cpu", progress=told,
        settings=FinetuneSettings(epochs=1, batch_size=64, held=held, save_every=20),
    )  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["train"]:
        train_one(Path(sys.argv[2]), Path(sys.argv[3]), float(sys.argv[4]))
    else:
        wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
        if len(sys.argv) > 2:
            main(wanted, Path(sys.argv[2]))
        else:
            with tempfile.TemporaryDirectory(prefix="finercam-streaming-") as scratch:
                main(wanted, Path(scratch))
