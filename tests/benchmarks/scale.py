"""Plan, fill and resume stores of many specimens: `python tests/benchmarks/scale.py [SIZES [planned]]`.

SIZES are numbers of specimens, `10000,100000,1000000` by default; there is a species for each hundred. With `planned`,
evidence is not written. Each step runs in a process of its own, whose time, processor time and peak memory (resident
set) are printed. The model is a stand-in: random class weights for the choice of references, and random evidence of the
size of a ViT-B/16's (14 x 14 cells, 8 references). Species have very different numbers of specimens, as in collections.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from finercam_core.catalog import Catalog
from finercam_core.references.plan import plan_comparisons
from finercam_core.status import Status
from finercam_core.store import (
    Chunk,
    ChunkResult,
    RunSettings,
    create_store,
    open_store,
    pending_chunks,
    summarise,
    write_chunk,
)

GRID, REFERENCES, FEATURES, PER_SPECIES = (14, 14), 8, 768, 100
EMPTY = ("order", "vernacularName", "accessURI", "maskURI", "rightsHolder", "group_id", "fault", "split", "license")
STEPS = {
    "open": "the catalog's table alone",
    "plan": "planning: references, groups, slots",
    "again": "planning again, nothing new",
    "first": "what is left to do, all of it",
    "fill": "writing all evidence, one process",
    "left": "what is left to do, nothing",
    "info": "counts by species (info)",
}
_PART = 1_000_000  # rows of the catalog that are made at once


def main(sizes: list[int], steps: list[str]) -> None:
    """Print a row for each step of each size."""
    table = Table("specimens", "species", "step", "seconds", "processor", "peak MiB", title="Scale")
    for specimens in sizes:
        with tempfile.TemporaryDirectory(prefix="finercam-scale-") as folder:
            figures = {step: measured(step, folder, specimens) for step in ("make", *steps)}
            files = [path.stat().st_size for path in (Path(folder) / "maps.zarr").rglob("*") if path.is_file()]
        for step in steps:
            row = figures[step]
            cells = (f"{row['seconds']:.1f}", f"{row['processor']:.1f}", f"{row['peak']:,.0f}")
            table.add_row(f"{specimens:,}", f"{specimens // PER_SPECIES:,}", STEPS[step], *cells)
        table.add_row(
            f"{specimens:,}", "", "objects, bytes a specimen", f"{len(files):,}", f"{sum(files) / specimens:,.0f}"
        )
    Console(width=130).print(table)


def measured(step: str, folder: str, specimens: int) -> dict[str, float]:
    command = [sys.executable, __file__, step, folder, str(specimens)]
    finished = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, float] = json.loads(finished.stdout.splitlines()[-1])
    print(f"{specimens:,} {step}: {figures}", file=sys.stderr, flush=True)
    return figures


def step_of(step: str, folder: Path, specimens: int) -> Callable[[], object]:
    """The step as a function."""
    store = str(folder / "maps.zarr")
    if step == "make":
        return lambda: make(folder / "catalog.parquet", specimens, specimens // PER_SPECIES)
    if step == "open":
        return lambda: expect(len(pd.read_parquet(folder / "catalog.parquet")), specimens)
    if step in ("plan", "again"):
        return lambda: plan(folder, store)
    if step == "fill":
        return lambda: fill(store)
    if step == "info":
        return lambda: expect(summarise(open_store(store)).totals["specimens"], specimens)
    return lambda: expect(pending_chunks(store).specimens, 0 if step == "left" else specimens)


def plan(folder: Path, store: str) -> None:
    """Choose references, and make groups and slots."""
    catalog = Catalog("scale", "s3://images", "scale", pd.read_parquet(folder / "catalog.parquet"))
    names = catalog.species
    weights = np.random.default_rng(0).normal(size=(len(names), FEATURES)).astype(np.float32)
    settings = {"classifier": {"model": "stand-in", "species": names}, "method": "gradcam", "preparation": {}}
    chosen = plan_comparisons(catalog, names, references=REFERENCES, weights=weights)
    create_store(store, catalog, chosen, GRID, RunSettings.of(settings))


def fill(store: str) -> None:
    values = result(64)
    for chunk in pending_chunks(store):
        write_chunk(store, chunk, part(values, chunk))


def make(path: Path, specimens: int, species: int) -> None:
    """Write a catalog in pieces: 8 species a genus, 10 genera a family, some species with thousands of rows."""
    share = 1 / np.arange(5, species + 5)
    counts = np.maximum(1, np.floor(share / share.sum() * (specimens - species))).astype(int)
    counts[0] += specimens - counts.sum()
    number = np.repeat(np.arange(species, dtype=np.int32), counts)
    writer: pq.ParquetWriter | None = None
    for start in range(0, specimens, _PART):
        table = pa.Table.from_pandas(rows(start, number[start : start + _PART]), preserve_index=False)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


def rows(start: int, number: np.ndarray) -> pd.DataFrame:
    """Rows of a catalog from the numbers of their species."""
    ids = pd.Series(np.char.mod("%08d", np.arange(start, start + len(number))), dtype="str")
    table = pd.DataFrame({"image_id": ids, "hashValue": ids, "path": ids + ".jpg"})
    patterns = {"family": ("F{}idae", 80), "genus": ("G{}", 8), "specificEpithet": ("{}us", 1)}
    for column, (pattern, size) in patterns.items():
        names = {code: pattern.format(letters(code)) for code in np.unique(number // size).tolist()}
        table[column] = pd.Series(number // size).map(names).astype("str")
    table["scientificName"] = table["genus"] + " " + table["specificEpithet"]
    return table.assign(**dict.fromkeys(EMPTY, "")).astype("str")


def letters(number: int) -> str:
    """A number as a word, since names with digits are not species names."""
    return "".join("abcdefghij"[int(digit)] for digit in str(number))


def result(n: int) -> ChunkResult:
    """Values of a chunk, as hard to compress as real ones."""
    rng, classes = np.random.default_rng(1), 1 + REFERENCES
    evidence = rng.normal(size=(n, classes, *GRID)).astype(np.float32)
    logit, status = rng.normal(size=(n, classes)).astype(np.float32), np.full(n, Status.DONE, np.uint8)
    return ChunkResult(evidence, logit, logit[:, 0] + 1, np.zeros(n, np.int32), status)


def part(values: ChunkResult, chunk: Chunk) -> ChunkResult:
    n = len(chunk)
    names = ("evidence", "logit", "log_sum_exp", "predicted", "status")
    return ChunkResult(**{name: getattr(values, name)[:n] for name in names})


def expect(actual: int, expected: int) -> None:
    assert actual == expected, (actual, expected)


def run(step: str, folder: Path, specimens: int) -> None:
    """Do a step, and print what it took."""
    do, start, processor = step_of(step, folder, specimens), time.perf_counter(), time.process_time()
    do()
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "processor": processor, "peak": peak, "processors": os.cpu_count()}))


if __name__ == "__main__":
    if len(sys.argv) > 3:
        run(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
    else:
        given = sys.argv[1] if len(sys.argv) > 1 else "10000,100000,1000000"
        written = [step for step in STEPS if step not in ("fill", "left")] if len(sys.argv) > 2 else list(STEPS)
        main([int(size) for size in given.split(",")], written)
