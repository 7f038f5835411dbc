"""A small store with real photographs, made without torch: evidence is drawn from a seed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from finercam_core.catalog import open_catalog
from finercam_core.comparison import plan_comparisons
from finercam_core.preparation import Preparation
from finercam_core.status import Status
from finercam_core.store import Chunk, ChunkResult, create_store, pending_chunks, write_chunk

GRID = (4, 6)
CLASSES = ["Aus bus", "Aus cus", "Aus dus", "Eus fus"]


def _result(chunk: Chunk, classes: int) -> ChunkResult:
    n = len(chunk)
    rng = np.random.default_rng(n + chunk.index)
    evidence = rng.normal(size=(n, classes, *GRID)).astype(np.float32)
    logit = rng.normal(size=(n, classes)).astype(np.float32)
    status = np.full(n, Status.DONE, np.uint8)
    return ChunkResult(evidence, logit, logit.max(axis=1) + 1, np.zeros(n, np.int32), status)


@pytest.fixture
def small_store(make_collection: Callable[[Path, dict[str, int]], Path], tmp_path: Path) -> Path:
    """Store of eleven specimens of two species."""
    catalog = open_catalog(make_collection(tmp_path / "images", {"Aus bus": 7, "Aus cus": 4}))
    plan = plan_comparisons(catalog, CLASSES, references=3)
    settings = {
        "classifier": {"model": "drawn", "species": CLASSES, "target_layer": "none", "weights_sha256": "0" * 64},
        "method": "gradcam",
        "preparation": Preparation(32, 48).to_dict(),
    }
    store = create_store(tmp_path / "maps.zarr", catalog, plan, GRID, settings)
    for chunk in pending_chunks(store.location):
        write_chunk(store.location, chunk, _result(chunk, 4))
    return tmp_path / "maps.zarr"
