"""What faithfulness costs in forward passes: ``python tests/benchmarks/faithfulness_cost.py [images]``.

1,000 images × 6 maps × 20 steps. A hook counts the images that go through the model, and the number that is needed is
computed without the package: for each map a deletion and an insertion curve of 20 steps, whose ends are the same for
all maps, and four drops, of which those at 5, 10 and 20 % are steps of the deletion curve. The model is tiny.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table
from torch import nn

from finercam_core.catalog import Catalog
from finercam_core.evaluate.protocol import Protocol
from finercam_core.evaluate.with_model.faithfulness import faithfulness
from finercam_core.explain import Classifier
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.images.preparation import Preparation
from finercam_core.store import pending_chunks

IMAGES, STEPS, HEIGHT, WIDTH = 1_000, 20, 40, 60
SPECIES = ["Aus bus", "Aus cus", "Aus dus", "Aus eus"]
MAPS = ("grad_cam", "finer_cam", "finer_cam γ=0.3 mean", "finer_cam γ=1 mean", "random", "blob")
TEXTS = ("specificEpithet", "infraspecificEpithet", "order", "taxonRank", "vernacularName", "split", "accessURI",
         "maskURI", "license", "rightsHolder", "hashFunction", "hashValue", "group_id", "fault")  # fmt: skip


def classifier() -> Classifier:
    torch.manual_seed(0)
    model = nn.Sequential()
    model.add_module("features", nn.Sequential(nn.Conv2d(3, 8, 5, stride=5), nn.ReLU()))
    model.add_module("pool", nn.AdaptiveAvgPool2d(1))
    model.add_module("flatten", nn.Flatten())
    model.add_module("head", nn.Linear(8, len(SPECIES)))
    return Classifier(model.eval(), SPECIES, "features", Preparation(HEIGHT, WIDTH), name="tiny")


def collection(folder: Path, images: int, species: list[str]) -> Catalog:
    """Noise, with as many images of each species."""
    rng, rows = np.random.default_rng(0), []
    for i in range(images):
        Image.fromarray(rng.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)).save(folder / f"{i}.jpg")
        name = species[i % len(species)]
        rows.append({"image_id": f"{i:05}", "scientificName": name, "genus": "Aus", "family": "Aidae",
                     "path": f"{i}.jpg"})  # fmt: skip
    return Catalog("noise", str(folder), "noise.csv", pd.DataFrame(rows).assign(**dict.fromkeys(TEXTS, "")))


def needed(images: int) -> int:
    """Images that the figures need: whole, wholly masked, and for each map 19 + 19 inner steps and one drop."""
    pixels = HEIGHT * WIDTH
    steps = {round(pixels * i / STEPS) for i in range(1, STEPS)}
    deleted = steps | {round(pixels * share) for share in (0.01, 0.05, 0.1, 0.2)}
    return images * (2 + len(MAPS) * (len(deleted) + len(steps)))


def main(images: int) -> None:
    """Print one table."""
    model, counts = classifier(), [0]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        catalog = collection(folder, images, SPECIES)
        store = plan_store(folder / "maps.zarr", catalog, model, references=3)
        annotate_chunks(store.location, list(pending_chunks(store.location)), model)
        handle = model.model.register_forward_pre_hook(lambda _m, args: counts.append(len(args[0])))
        start = time.perf_counter()
        figures = faithfulness(folder / "maps.zarr", model, protocol=Protocol(), gammas=(0.3, 1.0), steps=STEPS)
        seconds = time.perf_counter() - start
        handle.remove()
    assert set(figures.specimens["map"]) == set(MAPS), set(figures.specimens["map"])
    assert figures.specimens["image_id"].nunique() == images
    table = Table("images", "maps", "steps", "forward passes", "needed", "ratio", "per second")
    row = (images, len(MAPS), STEPS, sum(counts), needed(images), f"{sum(counts) / needed(images):.3f}",
           f"{sum(counts) / seconds:.0f}")  # fmt: skip
    table.add_row(*map(str, row))
    Console().print(table)
    Console().print(f"as the report says: {figures}", highlight=False)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
