"""How close annotating comes to the slower of its two halves: `python tests/benchmarks/throughput.py [model ...]`.

Over the same JPEG files, in one process and in turns: decoding alone, the model's forward pass alone, and
`annotate_chunks`, which does both and writes the store; with its share of the slower half and the share of the time in
which the device has work. On a CPU decoding and the model share the processors, so a second figure compares with the
rate at which both can be done one after the other, and the device's share is that of the processors.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import timm
import torch
from explainers.busy import busy
from PIL import Image
from rich.console import Console
from rich.table import Table

from finercam_core.catalog import Catalog, open_catalog
from finercam_core.explain import Classifier
from finercam_core.explain.engine.batches import normalised_on_device
from finercam_core.explain.engine.decoders import DecoderSettings, decoded_specimens, default_workers
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.images.preparation import Preparation
from finercam_core.store import Chunk, pending_chunks

SPECIES, EACH, ROUNDS, BATCH, REFERENCES = 10, 64, 3, 32, 8
PHOTO = (1400, 700)


def main(names: list[str]) -> None:
    shares = ("of the slower", "of both in turn", "device busy")
    columns = ("model", "decode/s", "forward/s", "annotate/s", *shares, "memory growth, MiB")
    table = Table(
        *columns, title=f"{SPECIES * EACH} JPEGs of {PHOTO[0]} x {PHOTO[1]}, {torch.get_num_threads()} threads"
    )
    with tempfile.TemporaryDirectory(prefix="finercam-throughput-") as folder:
        catalog = collection(Path(folder) / "images")
        for name in names:
            table.add_row(name, *rates(Path(folder), catalog, classifier(catalog.species, name)))
    Console(width=140).print(table)


def collection(folder: Path) -> Catalog:
    """Photographs with content: smooth colours with grain, about 200 kB each."""
    folder.mkdir()
    rng, rows = np.random.default_rng(0), []
    for number in range(SPECIES * EACH):
        small = Image.fromarray(rng.integers(0, 255, (12, 24, 3), np.uint8)).resize(PHOTO, Image.Resampling.BICUBIC)
        grain = rng.normal(0, 6, (PHOTO[1], PHOTO[0], 1))
        photo = Image.fromarray((np.asarray(small) + grain).clip(0, 255).astype(np.uint8))
        photo.save(folder / f"{number}.jpg", quality=88)
        rows.append({"image_id": f"{number}", "scientificName": f"Aus species{chr(97 + number // EACH)}",
                     "family": "Ausidae", "path": f"{number}.jpg"})  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / "catalog.csv", index=False)
    return open_catalog(folder / "catalog.csv")


def classifier(species: list[str], name: str) -> Classifier:
    torch.manual_seed(0)
    model = timm.create_model(name, num_classes=len(species)).eval()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return Classifier(model.to(device), species, preparation=Preparation(224, 224), name=name)


def rates(folder: Path, catalog: Catalog, model: Classifier) -> tuple[str, ...]:
    assert model.grid
    times: dict[str, list[float]] = {"decode": [], "forward": [], "annotate": []}
    memory: list[int] = []
    used: list[float] = []
    for turn in range(ROUNDS + 1):
        store = plan_store(folder / f"{model.name}-{turn}.zarr", catalog, model, references=REFERENCES)
        chunks = list(pending_chunks(store.location))
        how = DecoderSettings(model.preparation, store.images_root, default_workers(), model.device.type == "cuda")
        start = time.perf_counter()
        pixels = decode(chunks, how)
        times["decode"].append(time.perf_counter() - start)
        start = time.perf_counter()
        forward(model, pixels)
        times["forward"].append(time.perf_counter() - start)
        del pixels
        start = time.perf_counter()
        with busy() as device:
            report = annotate_chunks(store.location, chunks, model, batch_size=BATCH)
        times["annotate"].append(time.perf_counter() - start)
        used.append(float("nan") if device.share is None else device.share)
        memory.append(psutil.Process().memory_info().rss >> 20)
        assert report.done == SPECIES * EACH
    rate = {name: SPECIES * EACH / statistics.median(spent[1:]) for name, spent in times.items()}
    in_turn = 1 / (1 / rate["decode"] + 1 / rate["forward"])
    slower = min(rate["decode"], rate["forward"])
    shares = (rate["annotate"] / slower, rate["annotate"] / in_turn, statistics.median(used[1:]))
    return (*(f"{one:.1f}" for one in rate.values()), *(f"{one:.3f}" for one in shares), f"{memory[-1] - memory[0]}")


def decode(chunks: list[Chunk], how: DecoderSettings) -> torch.Tensor:
    items = decoded_specimens(chunks, how, known=lambda _name: True, ahead=3 * BATCH)
    return torch.from_numpy(np.stack([item.pixels for item in items if item.pixels is not None]))


def forward(model: Classifier, pixels: torch.Tensor) -> None:
    with torch.inference_mode():
        for part in pixels.split(BATCH):
            model.model(normalised_on_device(part.to(model.device), model.preparation)).cpu()


if __name__ == "__main__":
    main(sys.argv[1:] or ["resnet18", "resnet50"])
