"""Stores on a disk."""

from collections.abc import Callable
from pathlib import Path

import pytest
from planned_store import plan_at

from finercam_core.store import Store


@pytest.fixture
def plan(tmp_path: Path) -> Callable[..., Store]:
    """Function that plans a store for so many specimens of each species, and plans it again when called again."""

    def planned(counts: dict[str, int], **options: object) -> Store:
        return plan_at(str(tmp_path / "maps.zarr"), tmp_path / "images", counts, **options)  # type: ignore[arg-type]

    return planned
