"""A repair that is killed before any step of the disk, of a store of version 0.1, ends well."""

import shutil
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from finercam_core.io.disk.seals import is_sealed
from finercam_core.store import open_store, pending_chunks, repair, summarise, verify

WRITTEN = Path(__file__).parents[1] / "data" / "version-0.1"
DONE = ("Aus_bus-000", "Aus_bus-001", "Aus_bus-002", "Aus_cus-000", "Aus_cus-001")
KILLED_AT = Path(__file__).parents[1] / "helpers" / "killed_at.py"
TOTALS = {"specimens": 6, "done": 5, "failed": 1, "pending": 0, "rejected": 0}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_migration_killed_at_any_step_ends_well(tmp_path: Path) -> None:
    whole = open_store(WRITTEN / "maps.zarr")
    evidence = {image_id: whole.record(image_id).evidence for image_id in DONE}
    for step in count(1):
        folder = Path(shutil.copytree(WRITTEN, tmp_path / str(step)))
        store = folder / "maps.zarr"
        run = subprocess.run(
            [sys.executable, str(KILLED_AT), str(step), str(store)],
            env={"PYTHONPATH": ":".join(sys.path)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert run.returncode in (0, -signal.SIGKILL), run.stderr
        repair(store)
        assert is_sealed((store / "specimens.parquet").read_bytes())
        assert summarise(open_store(store)).totals == TOTALS
        assert verify(store) == []
        for image_id, values in evidence.items():
            np.testing.assert_array_equal(open_store(store).record(image_id).evidence, values)
        assert not list(pending_chunks(str(store)))
        if run.returncode == 0:
            break
    assert step > 3, "no step of the disk was seen"
    print(f"\nkilled before each of {step - 1} steps")
