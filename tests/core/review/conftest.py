"""Stores to review, planned and filled without a classifier."""

from collections.abc import Callable
from pathlib import Path

import pytest
from planned_store import fill, plan_at

from finercam_core.store import Store

Planned = Callable[..., Store]


@pytest.fixture
def planned(tmp_path: Path) -> Planned:
    """Function that plans a store with so many specimens of each species, with maps."""

    def make(counts: dict[str, int], **changes: str) -> Store:
        store = plan_at(str(tmp_path / "maps.zarr"), tmp_path / "images", counts, **changes)
        fill(store.location)
        return store

    return make
