"""Whether the memory of `annotate` grows with the specimens: `python tests/benchmarks/annotate_memory.py [specimens]`.

A Prefect server is started on 127.0.0.1. The flow `annotate` runs over rows that share a hundred photographs, with a
stand-in for the model. The memory of this process is printed at several numbers of finished specimens.
"""

import sys
import tempfile
import threading
import time
from pathlib import Path
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import pandas as pd
import psutil
from PIL import Image
from prefect_cost import NAMES, server, stand_in
from rich.console import Console
from rich.table import Table

from finercam_core.store import Chunk, ChunkResult, write_chunk

POINTS = (0.05, 0.1, 0.25, 0.5, 0.75, 1.0)


class MemoryLog(threading.Thread):
    """Records ten times per second how many specimens are written, and the bytes in memory."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.records: list[tuple[int, int]] = []
        self.done, self.ended = 0, False

    def run(self) -> None:
        while not self.ended:
            self.records.append((self.done, psutil.Process().memory_info().rss))
            time.sleep(0.1)


def collection(folder: Path, specimens: int) -> str:
    rng = np.random.default_rng(0)
    for k in range(100):
        Image.fromarray(rng.integers(0, 255, (300, 400, 3), np.uint8)).save(folder / f"{k}.jpg")
    rows = [(f"{i:06d}", NAMES[i % len(NAMES)], "Ausidae", f"{i % 100}.jpg") for i in range(specimens)]
    pd.DataFrame(rows, columns=["image_id", "scientificName", "family", "path"]).to_csv(folder / "all.csv", index=False)
    return f"{folder}/all.csv"


def main(specimens: int) -> None:
    log = MemoryLog()
    with tempfile.TemporaryDirectory(prefix="finercam-memory-") as folder, server(Path(folder)):
        from finercam_flows import annotate, tasks
        from finercam_flows.process import shard

        from finercam_core.explain.engine.shard import annotate_chunks

        def written(location: str, chunk: Chunk, result: ChunkResult) -> npt.NDArray[np.uint8]:
            log.done += len(chunk)
            return write_chunk(location, chunk, result)

        classifier, engine = stand_in(), sys.modules[annotate_chunks.__module__]
        with (
            patch.object(tasks, "classifier_of", lambda *_: classifier),
            patch.object(shard, "classifier_of", lambda *_: classifier),
            patch.object(engine, "write_chunk", written),
        ):
            log.start()
            result = annotate.annotate(collection(Path(folder), specimens), "stand-in", f"{folder}/maps.zarr")
        log.ended = True
        assert result.computed.done == log.done == specimens
    table = Table("specimens done", "MiB")
    for point in POINTS:
        done, size = next(record for record in log.records if record[0] >= point * specimens)
        table.add_row(f"{done:,}", f"{size >> 20}")
    table.add_row("after the summary and its pictures", f"{log.records[-1][1] >> 20}")
    Console().print(table)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
