"""Plan, fill and resume a store of many specimens: `python tests/benchmarks/scale.py [specimens species]`.

The model is a stand-in: random class weights for the choice of references, and random evidence of the size of a
ViT-B/16's (14 x 14 cells, 8 references). Species have very different numbers of specimens, as in real collections.
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
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

GRID, REFERENCES, FEATURES = (14, 14), 8, 768
EMPTY = ("order", "vernacularName", "accessURI", "maskURI", "rightsHolder", "group_id", "fault", "split", "license")
SPENT: dict[str, float] = {}


def main(specimens: int, species: int) -> None:
    with tempfile.TemporaryDirectory(prefix="finercam-scale-") as folder:
        figures = measure(Path(folder), specimens, species)
    table = Table("step", "value", title=f"{specimens:,} specimens, {species:,} species")
    for name, value in figures.items():
        table.add_row(name, f"{value:,.1f}" if isinstance(value, float) else f"{value:,}")
    Console().print(table)
    print(json.dumps({"specimens": specimens, "species": species, **figures}))


def measure(folder: Path, specimens: int, species: int) -> dict[str, float | int]:
    catalog = collection(specimens, species)
    names = sorted(catalog.specimens["scientificName"].unique())
    weights = np.random.default_rng(0).normal(size=(len(names), FEATURES)).astype(np.float32)
    settings = {"classifier": {"model": "stand-in", "species": names}, "method": "gradcam", "preparation": {}}
    store = str(folder / "maps.zarr")
    with spent("planning, s"):
        with spent("  choice of references, s"):
            plan = plan_comparisons(catalog, names, references=REFERENCES, weights=weights)
        create_store(store, catalog, plan, GRID, RunSettings.of(settings))
    with spent("planning again, nothing new, s"):
        again = plan_comparisons(catalog, names, references=REFERENCES, weights=weights)
        create_store(store, catalog, again, GRID, RunSettings.of(settings))
    memory = {"peak memory after planning, MiB": peak()}
    with spent("writing all chunks, s"):
        values = result(64)
        for chunk in pending_chunks(store):
            write_chunk(store, chunk, part(values, chunk))
    with spent("resume check of the finished store, s"):
        left = pending_chunks(store).specimens
    with spent("counting by species (info), s"):
        done = summarise(open_store(store)).totals["done"]
    assert (left, done) == (0, specimens)
    sizes = [path.stat().st_size for path in (folder / "maps.zarr").rglob("*") if path.is_file()]
    return {**SPENT, **memory, "peak memory, MiB": peak(), "files": len(sizes), "bytes": sum(sizes)}


def collection(specimens: int, species: int) -> Catalog:
    """Some species with thousands of specimens, many with one or two; 8 species per genus, 10 genera per family."""
    share = 1 / np.arange(5, species + 5)
    counts = np.maximum(1, np.floor(share / share.sum() * (specimens - species))).astype(int)
    counts[0] += specimens - counts.sum()
    number = np.repeat(np.arange(species), counts)
    ids = np.char.mod("%08d", np.arange(specimens))
    rows = pd.DataFrame({"image_id": ids, "hashValue": ids, "path": np.char.add(ids, ".jpg")}).astype(object)
    for column, pattern, size in (("family", "F{}idae", 80), ("genus", "G{}", 8), ("specificEpithet", "{}us", 1)):
        names = np.array([pattern.format(letters(k)) for k in range(species // size + 1)], object)
        rows[column] = names[number // size]
    rows["scientificName"] = rows["genus"] + " " + rows["specificEpithet"]
    return Catalog("scale", "s3://images", "scale", rows.assign(**dict.fromkeys(EMPTY, "")))


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


@contextmanager
def spent(name: str) -> Iterator[None]:
    start = time.perf_counter()
    SPENT[name] = 0.0
    yield
    SPENT[name] = time.perf_counter() - start
    print(f"{name}: {SPENT[name]:.1f}", file=sys.stderr, flush=True)


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main(*(map(int, sys.argv[1:3]) if len(sys.argv) > 2 else (60_000, 1_900)))
