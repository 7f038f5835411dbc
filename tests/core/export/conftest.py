"""A reviewed store: masks with holes, several regions and two reviewers of one specimen."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from finercam_core.catalog import open_catalog
from finercam_core.images.preparation import Preparation
from finercam_core.references.plan import plan_comparisons
from finercam_core.regions.rle import encode
from finercam_core.review import Comparison, Region, ReviewLog, Verdict
from finercam_core.status import Status
from finercam_core.store import ChunkResult, RunSettings, create_store, pending_chunks, write_chunk

GRID, CLASSES = (4, 6), ["Aus bus", "Aus cus", "Aus dus"]
SIZE, LICENCE = (64, 96), "https://creativecommons.org/licenses/by/4.0/"


def ring(x: int, y: int) -> np.ndarray:
    """A disc with a hole in it, and one pixel that touches it by a corner alone."""
    down, right = np.ogrid[: SIZE[0], : SIZE[1]]
    distance = (right - x) ** 2 + (down - y) ** 2
    mask = (distance < 120) & (distance > 30)
    mask[y + 9, x + 9] = mask[y + 8, x + 8] = True
    mask[y + 9, x + 8] = mask[y + 8, x + 9] = False
    return mask


MASKS = {
    ("Aus_bus-000", "Ada"): [("caudal fin", ring(30, 30)), ("eye", ring(70, 20))],
    ("Aus_bus-000", "Bo Eo"): [("", ring(36, 34))],
    ("Aus_cus-001", "Ada"): [("", np.ones(SIZE, bool))],
    ("Aus_cus-002", "Ada"): [("eye", np.zeros(SIZE, bool))],
}
Known = dict[tuple[str, str], list[tuple[str, np.ndarray]]]


@pytest.fixture
def accepted() -> Known:
    """Masks by specimen and reviewer, each with its trait."""
    return MASKS


@pytest.fixture
def reviewed(make_collection: Callable[[Path, dict[str, int]], Path], tmp_path: Path) -> Path:
    """The store; its accepted masks are `MASKS`."""
    table = make_collection(tmp_path / "images", {"Aus bus": 3, "Aus cus": 4})
    pd.read_csv(table).assign(license=LICENCE, rightsHolder="Museum of Fishes").to_csv(table, index=False)
    catalog = open_catalog(table)
    settings = {
        "classifier": {"model": "drawn", "species": CLASSES, "target_layer": "none", "weights_sha256": "5" * 64},
        "method": "gradcam",
        "preparation": Preparation(32, 48).to_dict(),
    }
    store = create_store(
        tmp_path / "maps.zarr", catalog, plan_comparisons(catalog, CLASSES), GRID, RunSettings.of(settings)
    )
    rng = np.random.default_rng(0)
    for chunk in pending_chunks(store.location):
        n = len(chunk)
        evidence, logit = rng.normal(size=(n, 3, *GRID)), rng.normal(size=(n, 3))
        lse = np.log(np.exp(logit).sum(axis=1)) + 0.1
        result = ChunkResult(
            evidence.astype(np.float32), logit.astype(np.float32), lse.astype(np.float32), np.zeros(n, np.int32),
            np.full(n, Status.DONE, np.uint8),
        )  # fmt: skip
        write_chunk(store.location, chunk, result)
    logs = {name: ReviewLog(store.location, name) for name in ("Ada", "Bo Eo")}
    compared = Comparison(0.6, "mean", "gradcam", ("Aus dus",))
    for (image_id, reviewer), parts in MASKS.items():
        regions = tuple(
            Region(encode(mask), trait, "UBERON:0000019" if trait == "eye" else "") for trait, mask in parts
        )
        species = image_id[:7].replace("_", " ")
        logs[reviewer].append(Verdict(image_id, species, reviewer, "accept", compared, regions, "clear", run="r"))
    rejected = Verdict("Aus_bus-001", "Aus bus", "Ada", "reject", compared, (Region(encode(ring(30, 30))),))
    logs["Ada"].append(rejected)
    return tmp_path / "maps.zarr"
