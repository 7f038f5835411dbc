"""What the syncs of the disk cost: chunks written with and without them, and a whole run, as ratios within one run."""

import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

from annotate_once import annotate_once
from PIL import Image
from planned_store import plan_at, result

from finercam_core.io.disk import steps
from finercam_core.store import pending_chunks, write_chunk

ROUNDS, CHUNKS = 5, 12
SYNCS = {name: getattr(steps, name) for name in ("sync_file", "sync_folder", "sync_everything")}


def with_syncs(wanted: bool) -> None:
    for name, step in SYNCS.items():
        setattr(steps, name, step if wanted else lambda *_: None)


def chunk_seconds(folder: Path) -> float:
    """Seconds for each chunk of 64 specimens."""
    store = plan_at(str(folder / "maps.zarr"), folder / "images", {"Aus bus": 64 * CHUNKS})
    chunks = [(chunk, result(chunk)) for chunk in pending_chunks(store.location)]
    begun = time.perf_counter()
    for chunk, values in chunks:
        write_chunk(store.location, chunk, values)
    return (time.perf_counter() - begun) / len(chunks)


def run_seconds(folder: Path) -> float:
    """Seconds of a whole run over 256 photographs of 1,000 x 700 pixels."""
    images, rows = folder / "images", ["image_id,scientificName,path"]
    images.mkdir()
    rng = np.random.default_rng(0)
    photograph = Image.fromarray(rng.integers(0, 255, (35, 50, 3), np.uint8)).resize((1000, 700))
    for number in range(256):
        photograph.save(images / f"{number}.jpg")
        rows.append(f"{number},{'Aus bus' if number % 2 else 'Aus cus'},{number}.jpg")
    (images / "catalog.csv").write_text("\n".join(rows))
    begun = time.perf_counter()
    annotate_once(str(images / "catalog.csv"), str(folder / "maps.zarr"))
    return time.perf_counter() - begun


def measured(what: object, rounds: int) -> tuple[float, float]:
    """Median seconds with syncs and without, in turns."""
    times: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * rounds):
        with tempfile.TemporaryDirectory() as folder:
            with_syncs(number % 2 == 0)
            times[number % 2 == 0].append(what(Path(folder)))  # type: ignore[operator]
    return median(times[True]), median(times[False])


if __name__ == "__main__":
    os.environ["FINERCAM_TEST_SPECIES"] = "Aus bus|Aus cus"
    one, bare = measured(chunk_seconds, ROUNDS)
    print(
        f"a chunk of 64 specimens: {1e3 * one:.1f} ms with syncs, {1e3 * bare:.1f} ms without, ratio {one / bare:.2f}"
    )
    one, bare = measured(run_seconds, 3)
    print(f"a run over 256 photographs: {one:.2f} s with syncs, {bare:.2f} s without, ratio {one / bare:.2f}")
