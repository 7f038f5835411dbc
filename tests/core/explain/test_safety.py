"""What goes wrong around a run leaves its store as it would have been: memory that runs out, clocks that jump."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from annotate_once import annotate_once
from exact_classifier import Whole

from finercam_core.catalog import open_catalog
from finercam_core.store import open_store, pending_chunks, summarise

COUNTS = {"Aus bus": 6, "Aus cus": 4, "Eus fus": 2}
DAYS = 86_400
Make = Callable[[Path, dict[str, int]], Path]


@pytest.fixture
def catalog(make_collection: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FINERCAM_TEST_SPECIES", "|".join(COUNTS))
    return make_collection(tmp_path / "images", COUNTS)


def chunks_of(store: Path) -> dict[str, bytes]:
    """Every file below the species' groups: values, and when they were computed from which image."""
    places = [path for path in store.rglob("c/**/*") if path.is_file()]
    assert places
    return {path.relative_to(store).as_posix(): path.read_bytes() for path in places}


def test_memory_that_runs_out_halves_the_batch_and_changes_no_bit(
    catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    annotate_once(str(catalog), str(tmp_path / "whole.zarr"))
    forward, refused = Whole.forward, []

    def little(self: Whole, x: torch.Tensor) -> torch.Tensor:
        if len(x) > 3:
            refused.append(len(x))
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, x)

    monkeypatch.setattr(Whole, "forward", little)
    annotate_once(str(catalog), str(tmp_path / "little.zarr"))
    assert refused
    assert summarise(open_store(tmp_path / "little.zarr")).totals["done"] == sum(COUNTS.values())
    assert chunks_of(tmp_path / "little.zarr") == chunks_of(tmp_path / "whole.zarr")


def test_a_clock_that_jumps_neither_hides_a_change_nor_invents_one(
    catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, true = tmp_path / "maps.zarr", time.time
    annotate_once(str(catalog), str(store))
    before = chunks_of(store)
    for jump in (-30 * DAYS, 30 * DAYS):
        monkeypatch.setattr(time, "time", lambda jump=jump: true() + jump)
        annotate_once(str(catalog), str(store))
        assert chunks_of(store) == before
    # A picture changed while the clock stood in 1999 is older than its map, and is computed again all the same.
    specimens = open_catalog(catalog).specimens
    picture = tmp_path / "images" / specimens["path"].iloc[0]
    os.utime(picture, (915_148_800, 915_148_800))
    annotate_once(str(catalog), str(store))
    after = chunks_of(store)
    changed = [name for name in before if before[name] != after[name]]
    assert [name.split("/")[-3] for name in changed] == ["state"]
    assert not list(pending_chunks(str(store)))
