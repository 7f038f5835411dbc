"""What is wrong with a store is one sentence, and what can be shown is shown."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zarr
from napari_finercam.session.queue import Selection
from napari_finercam.session.review import ReviewSession

from finercam_core.errors import ReviewError, StoreError
from finercam_core.status import Status
from finercam_core.store.integrity.digests import with_digest


def test_photographs_that_moved(small_store: Path, tmp_path: Path) -> None:
    (tmp_path / "images").rename(tmp_path / "elsewhere")
    session = ReviewSession(small_store, "A")
    assert not session.specimen.photographed
    assert "missing" in session.specimen.problem
    assert session.comparison.heat(session.specimen).max() == pytest.approx(1)
    with pytest.raises(ReviewError, match="no photograph"):
        session.decide("accept")
    session.decide("reject")
    assert session.navigation.move(1)
    found = ReviewSession(small_store, "A", images=tmp_path / "elsewhere")
    assert found.specimen.photographed
    assert found.specimen.problem == ""


def test_half_of_the_species_are_not_there(small_store: Path) -> None:
    shutil.rmtree(small_store / "Ausidae" / "Aus" / "Aus_bus")
    session = ReviewSession(small_store, "A")
    assert session.specimen.species == "Aus cus"
    steps = 1
    while session.navigation.move(1):
        steps += 1
    assert steps == 5
    session.navigation.start_scores()
    assert session.navigation.scores is not None
    assert session.navigation.scores.finished.wait(20)
    assert session.navigation.scores.missing == ["Ausidae/Aus/Aus_bus"]
    session.close()


def test_a_chunk_that_is_damaged_is_said_and_passed_over(small_store: Path) -> None:
    chunk = small_store / "Ausidae" / "Aus" / "Aus_bus" / "evidence" / "c" / "0" / "0" / "0" / "0"
    chunk.write_bytes(chunk.read_bytes()[:-9])
    session = ReviewSession(small_store, "A")
    assert session.specimen.species == "Aus cus"
    specimen = session.navigation.loader.get("Aus_bus-000")
    assert "cannot be read" in specimen.problem
    assert specimen.photographed
    session.close()


def test_a_newer_store_is_refused_in_one_sentence(small_store: Path) -> None:
    meta = json.loads((small_store / "zarr.json").read_text())
    meta["attributes"]["finercam"]["schema_version"] = 99
    (small_store / "zarr.json").write_text(json.dumps(meta))
    with pytest.raises(StoreError, match="schema version 99, newer than") as caught:
        ReviewSession(small_store, "A")
    assert "\n" not in str(caught.value)


def test_a_store_without_a_finished_specimen(half_store: Path) -> None:
    zarr.open_array(half_store / "Ausidae/Aus/Aus_bus/state", mode="r+")[:] = 0
    with pytest.raises(ReviewError, match="no finished specimen"):
        ReviewSession(half_store, "A")


def test_a_store_that_a_flow_is_writing_to(half_store: Path, finish_store: Callable[[Path], None]) -> None:
    session = ReviewSession(half_store, "A")
    assert session.specimen.species == "Aus bus"
    assert [session.navigation.move(1) for _ in range(3)] == [True, True, False]
    finish_store(half_store)
    session.refresh()
    assert session.navigation.scores is not None
    assert session.navigation.scores.finished.wait(20)
    assert session.navigation.move(1)
    assert session.specimen.species == "Aus cus"
    session.close()


def test_another_process_writes_while_specimens_are_looked_at(half_store: Path) -> None:
    command = [sys.executable, "-c", "import sys, conftest; conftest._fill(sys.argv[1])", str(half_store)]
    session, until = ReviewSession(half_store, "A"), time.monotonic() + 60
    helpers = str(Path(__file__).parents[1] / "helpers")  # on pytest's own path, which another process does not have
    paths = os.pathsep.join(filter(None, [helpers, os.environ.get("PYTHONPATH")]))
    with subprocess.Popen(command, cwd=Path(__file__).parent, env=os.environ | {"PYTHONPATH": paths}) as writer:
        session.decide("accept")
        while session.queue.counts()["accept"] < 6 and time.monotonic() < until:
            session.refresh()
            assert session.navigation.scores is not None
            assert session.navigation.scores.finished.wait(20)
            while session.navigation.move(1):
                assert session.specimen.problem == ""
                session.decide("accept")
    assert writer.returncode == 0
    assert session.queue.counts()["accept"] == 6
    session.close()


def test_failed_specimens_can_be_looked_at_with_their_reason(small_store: Path) -> None:
    state = zarr.open_array(small_store / "Ausidae/Aus/Aus_cus/state", mode="r+")
    words = np.asarray(state[:])
    words[1] = (words[1] & ~np.uint64(0xFF)) | np.uint64(Status.TRUNCATED)
    state[:] = words
    session = ReviewSession(small_store, "A")
    session.navigation.start_scores()
    assert session.navigation.scores is not None
    assert session.navigation.scores.finished.wait(20)
    assert session.navigation.select(Selection(only="failed"))
    assert session.specimen.image_id == "Aus_cus-001"
    assert "cut off or damaged" in session.specimen.problem
    assert not session.navigation.select(Selection(text="no such specimen"))
    assert session.specimen.image_id == "Aus_cus-001"
    session.close()


def test_a_damaged_draft_is_said_and_the_specimen_shown(small_store: Path) -> None:
    session = ReviewSession(small_store, "A")
    session.save_draft()
    (path,) = (small_store / "reviews" / "drafts").rglob("*.json")
    path.write_text("{")
    again = ReviewSession(small_store, "A")
    assert "draft" in again.specimen.problem
    assert again.regions.mask.any()


def test_a_broken_line_in_a_log_hides_no_other_verdict(small_store: Path) -> None:
    session = ReviewSession(small_store, "A")
    session.decide("accept")
    (path,) = (small_store / "reviews").glob("*.jsonl")
    path.write_bytes(b'{"oops": 1}\n' + path.read_bytes())
    again = ReviewSession(small_store, "A")
    assert again.queue.counts()["accept"] == 1
    assert "line 1 of reviews/" in again.verdicts.problems[0]


def test_a_store_of_finished_comparisons_has_a_fixed_gamma(small_store: Path) -> None:
    meta = json.loads((small_store / "zarr.json").read_text())
    meta["attributes"]["finercam"] |= {"kind": "comparison", "gamma": 0.8, "method": "scorecam"}
    meta["attributes"] = with_digest(meta["attributes"])
    (small_store / "zarr.json").write_text(json.dumps(meta))
    session = ReviewSession(small_store, "A")
    record = session.specimen.record
    assert record is not None
    np.testing.assert_allclose(
        session.comparison.grid_map(session.specimen, signed=True), record.evidence[1:].mean(axis=0), atol=1e-6
    )
    session.gamma = 0.3
    assert session.gamma == 0.8
    session.gamma = 0
    np.testing.assert_allclose(
        session.comparison.grid_map(session.specimen, signed=True), record.evidence[0], atol=1e-6
    )
