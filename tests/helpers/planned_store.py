"""A collection of made-up specimens and a store planned for it, anywhere; evidence that depends on the id alone."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from finercam_core.catalog import Catalog
from finercam_core.references.plan import plan_comparisons
from finercam_core.status import Status
from finercam_core.store import Chunk, ChunkResult, RunSettings, Store, create_store, pending_chunks, write_chunk

Planner = Callable[..., Store]  # the fixture `plan`: a store for so many specimens of each species
GRID = (3, 4)
CLASSES = ["Aus bus", "Aus cus", "Dus eus"]
SETTINGS = {
    "classifier": {"model": "tiny", "species": CLASSES},
    "method": "gradcam",
    "preparation": {"height": 24, "width": 32},
}
TEXTS = ("specificEpithet", "infraspecificEpithet", "order", "taxonRank", "vernacularName", "split", "accessURI",
         "maskURI", "license", "rightsHolder", "hashFunction", "hashValue", "group_id", "fault")  # fmt: skip


def specimens(counts: dict[str, int], folder: Path) -> pd.DataFrame:
    """Rows of a catalog, with a small file for each image."""
    folder.mkdir(exist_ok=True)
    rows = []
    for name, count in counts.items():
        for i in range(count):
            image_id = f"{name.replace(' ', '_')}-{i:03d}"
            if not (folder / f"{image_id}.jpg").exists():
                (folder / f"{image_id}.jpg").write_bytes(image_id.encode())
            genus = name.split()[0]
            row = {"image_id": image_id, "scientificName": name, "genus": genus, "family": f"{genus}idae"}
            rows.append({**row, "path": f"{image_id}.jpg"})
    return pd.DataFrame(rows).assign(**dict.fromkeys(TEXTS, ""))


def plan_at(
    location: str, folder: Path, counts: dict[str, int], *, settings: dict[str, object] | None = None,
    beside: bool = False, **changes: str,
) -> Store:  # fmt: skip
    """Create or extend a store."""
    catalog = Catalog("test", str(folder), "test.csv", specimens(counts, folder).assign(**changes))
    plan = plan_comparisons(catalog, CLASSES, references=2)
    return create_store(location, catalog, plan, GRID, RunSettings.of(settings or SETTINGS), beside=beside)


def result(chunk: Chunk, classes: int = 3) -> ChunkResult:
    """Evidence that depends on the specimen alone."""
    seeds = [int.from_bytes(image_id.encode(), "big") % 2**32 for image_id in chunk.image_ids]
    draws = [np.random.default_rng(seed) for seed in seeds]
    evidence = np.stack([rng.normal(size=(classes, *GRID)) for rng in draws]).astype(np.float32)
    logit = np.stack([rng.normal(size=classes) for rng in draws]).astype(np.float32)
    n = len(chunk)
    done = np.full(n, Status.DONE, np.uint8)
    return ChunkResult(evidence, logit, logit.max(axis=1) + 1, np.zeros(n, np.int32), done)


def fill(location: str) -> int:
    """Compute everything that is pending; returns how many specimens."""
    chunks = list(pending_chunks(location))
    for chunk in chunks:
        write_chunk(location, chunk, result(chunk))
    return sum(map(len, chunks))


def arrays(store: Store) -> dict[str, np.ndarray]:
    """All values of a store."""
    root = store.files.group()
    names = ("evidence", "logit", "log_sum_exp", "predicted", "state")
    return {f"{g}/{n}": np.asarray(root[f"{g}/{n}"][:]) for g in store.groups.values() for n in names}


def assert_same(one: dict[str, np.ndarray], two: dict[str, np.ndarray]) -> None:
    """The same arrays with the same values."""
    assert one.keys() == two.keys()
    for name, values in one.items():
        np.testing.assert_array_equal(values, two[name], err_msg=name)
