"""How pixels reach the model's process, and chunks the disk: ``python tests/benchmarks/handover_cost.py``.

Images of 224 x 224 are made in two processes, eight at a time, and taken by this one: through pipes, through shared
memory (`finercam_core.explain.engine.handover`), and through torch's `DataLoader`. Chunks are written by a thread and
by a process. Per image or chunk: the time that passes, and the processor's time in this process, which a GPU waits for.
Every round begins with another of them; medians.
"""

import argparse
import multiprocessing
import statistics
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from rich.console import Console
from rich.table import Table
from torch.utils.data import DataLoader, Dataset

from finercam_core.catalog import Catalog
from finercam_core.explain.engine.handover import Outcomes, Parcel, packed, unpacked
from finercam_core.references.plan import plan_comparisons
from finercam_core.status import Status
from finercam_core.store import Chunk, ChunkResult, RunSettings, create_store, pending_chunks, write_chunk

SIDE, JOB, WORKERS, AHEAD = 224, 8, 2, 12
SPECIES, EACH, GRID, CLASSES = 8, 64, (14, 14), 11
Made = Callable[[int], Outcomes | Parcel]


def made(job: int) -> Outcomes:
    """Eight images, as a decoder would give them."""
    return [np.full((SIDE, SIDE, 3), job % 251, np.uint8) for _ in range(JOB)]


def made_and_packed(job: int) -> Outcomes | Parcel:
    return packed(made(job))


class Made8(Dataset[torch.Tensor]):
    """The same for a `DataLoader`."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def __len__(self) -> int:
        return self.jobs

    def __getitem__(self, job: int) -> torch.Tensor:
        return torch.from_numpy(np.stack(made(job)))  # type: ignore[arg-type]


def through_pool(pool: Executor, make: Made, jobs: int) -> int:
    """Take all jobs of a pool, some of them made ahead."""
    numbers, queue, taken = iter(range(jobs)), deque[Future[Outcomes | Parcel]](), 0
    while True:
        queue.extend(pool.submit(make, number) for number in islice(numbers, AHEAD - len(queue)))
        if not queue:
            return taken
        taken += sum(int(image[0, 0, 0] >= 0) for image in unpacked(queue.popleft().result()))  # type: ignore[index]


def through_loader(loader: Iterable[torch.Tensor]) -> int:
    return sum(int((part[:, 0, 0, 0] >= 0).sum()) for part in loader)


def timed(works: dict[str, Callable[[], int]], rounds: int) -> dict[str, tuple[float, float]]:
    """Milliseconds that pass and that this process computes, per unit of work."""
    spent: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for turn in range(rounds + 1):
        names = list(works)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            start, used = time.perf_counter(), time.process_time()
            count = works[name]()
            passed = 1e3 * (time.perf_counter() - start) / count, 1e3 * (time.process_time() - used) / count
            if turn:
                spent[name].append(passed)
    return {name: tuple(map(statistics.median, zip(*rows, strict=True))) for name, rows in spent.items()}  # type: ignore[misc]


def pixels(jobs: int, rounds: int) -> dict[str, tuple[float, float]]:
    loader = DataLoader(Made8(jobs), batch_size=None, num_workers=WORKERS, prefetch_factor=AHEAD // WORKERS,
                        persistent_workers=True, multiprocessing_context="spawn")  # fmt: skip
    with ProcessPoolExecutor(WORKERS, multiprocessing.get_context("spawn")) as pool:
        works = {
            "pipes": partial(through_pool, pool, made, jobs),
            "shared memory": partial(through_pool, pool, made_and_packed, jobs),
            "DataLoader": partial(through_loader, loader),
        }
        return timed(works, rounds)


def chunks_of(folder: Path, turn: int) -> tuple[str, list[Chunk]]:
    """An empty store, and its chunks."""
    names = [f"Aus species{chr(97 + i)}" for i in range(CLASSES)]
    rows = [{"image_id": f"{name}{i}", "scientificName": name, "genus": "Aus", "family": "Ausidae", "path": "a.jpg"}
            for name in names[:SPECIES] for i in range(EACH)]  # fmt: skip
    (folder / "a.jpg").write_bytes(b"a")
    texts = ("specificEpithet", "infraspecificEpithet", "order", "taxonRank", "vernacularName", "split", "accessURI",
             "maskURI", "license", "rightsHolder", "hashFunction", "hashValue", "group_id", "fault")  # fmt: skip
    catalog = Catalog("test", str(folder), "test.csv", pd.DataFrame(rows).assign(**dict.fromkeys(texts, "")))
    settings = RunSettings.of({"classifier": {"model": "none", "species": names}, "method": "gradcam",
                               "preparation": {"height": SIDE, "width": SIDE}})  # fmt: skip
    plan = plan_comparisons(catalog, names, references=CLASSES - 1)
    store = create_store(str(folder / f"{turn}.zarr"), catalog, plan, GRID, settings)
    return store.location, list(pending_chunks(store.location))


def result_of(chunk: Chunk) -> ChunkResult:
    n = len(chunk)
    evidence = np.random.default_rng(0).normal(size=(n, CLASSES, *GRID)).astype(np.float32)
    scores = np.zeros((n, CLASSES), np.float32)
    return ChunkResult(evidence, scores, scores[:, 0], np.zeros(n, np.int32), np.full(n, Status.DONE, np.uint8))


def written(pool: Executor, stores: Iterator[tuple[str, list[Chunk]]]) -> int:
    location, chunks = next(stores)
    for future in [pool.submit(write_chunk, location, chunk, result_of(chunk)) for chunk in chunks]:
        future.result()
    return len(chunks)


def chunks(rounds: int) -> dict[str, tuple[float, float]]:
    with (
        tempfile.TemporaryDirectory(prefix="finercam-handover-") as folder,
        ThreadPoolExecutor(1) as thread,
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process,
    ):
        stores = iter([chunks_of(Path(folder), turn) for turn in range(2 * (rounds + 1))])
        pools: dict[str, Executor] = {"a thread": thread, "a process": process}
        return timed({name: partial(written, pool, stores) for name, pool in pools.items()}, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=100, help="of eight images")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    table = Table("", "ms that pass", "ms of this process", title=f"medians of {options.rounds} rounds")
    figures = {f"an image through {name}": row for name, row in pixels(options.jobs, options.rounds).items()}
    figures |= {f"a chunk by {name}": row for name, row in chunks(options.rounds).items()}
    for name, (passed, used) in figures.items():
        table.add_row(name, f"{passed:.2f}", f"{used:.2f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
