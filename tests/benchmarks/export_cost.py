"""How long 10,000 masks take in each format, and how memory grows.

``python tests/benchmarks/export_cost.py [N [FORM …]]``; on a busy machine processor seconds say more than wall time.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
from PIL import Image
from rich.console import Console
from rich.table import Table

from finercam_core.catalog import open_catalog
from finercam_core.export import export
from finercam_core.export.mask_export import FORMATS
from finercam_core.images.preparation import Preparation
from finercam_core.io.workers import processors
from finercam_core.references.plan import plan_comparisons
from finercam_core.status import Status
from finercam_core.store import ChunkResult, RunSettings, create_store, pending_chunks, write_chunk

GRID, SIZE, CLASSES = (16, 16), (400, 300), [f"Aus {letter}us" for letter in "bcdfglmnp"]


def build(folder: Path, specimens: int) -> Path:
    """A store with random evidence; all rows share a hundred photographs."""
    rng = np.random.default_rng(0)
    (folder / "images").mkdir()
    for k in range(100):
        picture = Image.fromarray(rng.integers(0, 255, (*SIZE[::-1], 3), np.uint8) // 8 + 150)
        picture.save(folder / "images" / f"{k}.jpg")
    rows = [(f"s{i:06}", CLASSES[i % 9], f"images/{i % 100}.jpg") for i in range(specimens)]
    pd.DataFrame(rows, columns=["image_id", "scientificName", "path"]).to_csv(folder / "catalog.csv", index=False)
    catalog = open_catalog(folder / "catalog.csv")
    settings = {
        "classifier": {"model": "drawn", "species": CLASSES, "target_layer": "none", "weights_sha256": "0" * 64},
        "method": "gradcam",
        "preparation": Preparation(224, 224).to_dict(),
    }
    store = create_store(
        folder / "maps.zarr", catalog, plan_comparisons(catalog, CLASSES), GRID, RunSettings.of(settings)
    )
    for chunk in pending_chunks(store.location):
        n = len(chunk)
        evidence, logit = rng.normal(size=(n, 9, *GRID)), rng.normal(size=(n, 9))
        result = ChunkResult(
            evidence.astype(np.float32), logit.astype(np.float32), np.full(n, 3.0, np.float32), np.zeros(n, np.int32),
            np.full(n, Status.DONE, np.uint8),
        )  # fmt: skip
        write_chunk(store.location, chunk, result)
    return folder / "maps.zarr"


def export_once(store: str, form: str, folder: str) -> None:
    """Export in this process; print seconds, processor seconds, and MiB of all processes at a tenth and at the end."""
    sizes: list[float] = []

    def watch(done: int, total: int) -> None:
        if done in (max(total // 10, 1), total * 99 // 100):
            sizes.append(memory())

    start = time.perf_counter()
    export(store, folder, format=form, which="automatic", workers=processors(), progress=watch)
    print(f"{time.perf_counter() - start:.1f} {sum(os.times()[:4]):.1f} {sizes[0]:.0f} {sizes[-1]:.0f}")


def memory() -> float:
    """Unshared memory of this process and of those that it started, in MiB."""
    parent = psutil.Process()
    return sum(process.memory_full_info().uss for process in [parent, *parent.children()]) / 2**20


def main(specimens: int, forms: list[str]) -> None:
    """Print one table; each format runs in a process of its own."""
    table = Table("format", "masks", "seconds", "processor seconds", "masks / s", "MiB after a tenth", "MiB at the end")
    with tempfile.TemporaryDirectory() as folder:
        store = build(Path(folder), specimens)
        for form in forms:
            command = [sys.executable, __file__, "--one", str(store), form, str(Path(folder) / form)]
            figures = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
            table.add_row(form, str(specimens), *figures[:2], f"{specimens / float(figures[0]):.0f}", *figures[2:])
            print(form, *figures, flush=True)
    Console().print(table)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        export_once(*sys.argv[2:])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, sys.argv[2:] or list(FORMATS))
