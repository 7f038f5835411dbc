"""What 10 comparisons cost compared with a plain forward pass: `python tests/benchmarks/annotate_cost.py [model ...]`.

Both run over the same decoded batches in one process, in turns, and the ratio of the medians is printed: of `explain`
alone, and of everything that annotating adds after decoding (float16, Zarr, states).
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import timm
import torch
from rich.console import Console
from rich.table import Table

from finercam_core.catalog import Catalog
from finercam_core.explain import Classifier, explain
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.images.preparation import Preparation
from finercam_core.store import pending_chunks

BATCH, ROUNDS, REFERENCES, CLASSES = 32, 3, 10, 60
INPUTS = {"resnet50": 224, "resnet10t": 176, "resnet18": 224}


def main(names: list[str]) -> None:
    table = Table("model", "route", "explain / forward", "annotate / forward", title=f"{REFERENCES} comparisons")
    for name in names:
        table.add_row(*costs(name))
    Console().print(table)


def costs(name: str) -> tuple[str, str, str, str]:
    model = classifier(name)
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (BATCH, *size(model), 3), np.uint8)
    images = torch.from_numpy(model.preparation.normalise(pixels))
    classes = rng.permuted(np.tile(np.arange(CLASSES), (BATCH, 1)), axis=1)[:, : REFERENCES + 1]
    alone = ratio(lambda: forward(model, images), lambda: explain(model, images, classes))
    return name, model.route.name, f"{alone:.3f}", f"{annotate_ratio(model, pixels):.3f}"


def classifier(name: str) -> Classifier:
    torch.manual_seed(0)
    side = INPUTS.get(name, 224)
    model = timm.create_model(name, num_classes=CLASSES).eval()
    return Classifier(
        model, [f"Aus species{i:02d}" for i in range(CLASSES)], preparation=Preparation(side, side), name=name
    )


def size(model: Classifier) -> tuple[int, int]:
    return model.preparation.height, model.preparation.width


def forward(model: Classifier, images: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return model.model(images)


def ratio(base: Callable[[], object], ours: Callable[[], object]) -> float:
    """Median time of `ours` over that of `base`, measured in turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS + 1):
        for work, spent in zip((base, ours), times, strict=True):
            start = time.perf_counter()
            work()
            spent.append(time.perf_counter() - start)
    return statistics.median(times[1][1:]) / statistics.median(times[0][1:])


def annotate_ratio(model: Classifier, pixels: np.ndarray) -> float:
    """The ratio with chunks, float16 and Zarr; on both sides decoding is replaced by arrays in memory."""
    from finercam_core.explain.engine import decoders

    rows = [{"image_id": f"{i}", "scientificName": model.species[i // 64], "path": f"{i}"} for i in range(64 * 2)]
    specimens = pd.DataFrame(rows).assign(
        genus="Aus", specificEpithet="x", family="Ausidae", order="", fault="", hashValue="same"
    )
    images = [torch.from_numpy(model.preparation.normalise(pixels)) for _ in range(len(rows) // BATCH)]
    batch = {f"{i}": pixels[i % BATCH] for i in range(len(rows))}
    decoders.load_many = lambda paths, *_args: [batch[path] for path in paths]  # type: ignore[assignment]

    def base() -> None:
        for each in images:
            forward(model, each)

    with tempfile.TemporaryDirectory() as folder:
        catalog = Catalog("benchmark", folder, "memory", specimens)
        stores = [Path(folder) / f"{i}.zarr" for i in range(ROUNDS + 1)]
        for store in stores:
            plan_store(store, catalog, model, references=REFERENCES)
        turns = iter(stores)

        def ours() -> None:
            store = str(next(turns))
            annotate_chunks(store, list(pending_chunks(store)), model, batch_size=BATCH)

        return ratio(base, ours)


if __name__ == "__main__":
    main(sys.argv[1:] or ["resnet18", "resnet50"])
