"""Kills, damage, full and read-only disks: what a store is after them, and that its next run mends it."""

import errno
import gc
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from planned_store import Planner, arrays, assert_same, fill, plan_at, result

from finercam_core.errors import StoreError
from finercam_core.io.disk import steps
from finercam_core.status import Status
from finercam_core.store import (
    CHUNK,
    chunks,
    exclusive,
    give_up,
    open_store,
    pending_chunks,
    summarise,
    verify,
    write_chunk,
)


def test_a_stopped_run_goes_on_and_ends_like_an_undisturbed_one(plan: Planner) -> None:
    store = plan({"Aus bus": 2 * CHUNK + 1, "Dus eus": 3})
    first, *rest = pending_chunks(store.location)
    write_chunk(store.location, first, result(first))
    assert [(c.group, c.index) for c in pending_chunks(store.location)] == [(c.group, c.index) for c in rest]
    fill(store.location)
    resumed = arrays(store)
    for chunk in (first, *rest):
        write_chunk(store.location, chunk, result(chunk))
    assert_same(resumed, arrays(store))


def test_a_damaged_chunk_is_noticed(plan: Planner) -> None:
    store = plan({"Aus bus": 5})
    fill(store.location)
    path = Path(store.location) / "Ausidae/Aus/Aus_bus/evidence/c/0/0/0/0"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(StoreError, match=r"(?i)checksum"):
        store.record("Aus_bus-000")


def test_a_second_writer_is_refused_and_a_killed_one_blocks_nobody(tmp_path: Path) -> None:
    store = tmp_path / "maps.zarr"
    code = f"import time; from finercam_core.store import exclusive\nwith exclusive({str(store)!r}): print('in', flush=True); time.sleep(60)"  # noqa: E501
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"in"
        with pytest.raises(StoreError, match="another run is writing"), exclusive(store):
            pass
        holder.send_signal(signal.SIGKILL)
    with exclusive(store):
        time.sleep(0)


def test_half_written_files_are_swept(plan: Planner) -> None:
    store = plan({"Aus bus": 1})
    left = Path(store.location) / "Ausidae/Aus/Aus_bus/state/c/0.123.partial"
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_bytes(b"half")
    assert store.files.sweep_partial() == 1
    assert not left.exists()


@pytest.mark.parametrize("harm", ["flip", "cut", "delete"])
def test_damage_is_found_and_computed_again(plan: Planner, harm: str) -> None:
    store = plan({"Aus bus": CHUNK + 5, "Aus cus": 2})
    fill(store.location)
    whole = arrays(store)
    assert verify(store.location) == []
    path = Path(store.location) / "Ausidae/Aus/Aus_bus/evidence/c/1/0/0/0"
    content = path.read_bytes()
    if harm == "delete":
        path.unlink()
    else:
        path.write_bytes(content[:-9] if harm == "cut" else content[:20] + bytes([content[20] ^ 1]) + content[21:])
    found = verify(store.location)
    assert [(damage.group, damage.index, damage.array) for damage in found] == [("Ausidae/Aus/Aus_bus", 1, "evidence")]
    assert give_up(store.location, found) == 1
    assert fill(store.location) == 5
    assert verify(store.location) == []
    assert_same(arrays(store), whole)


def test_a_changed_image_is_never_read_with_its_old_state(plan: Planner, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill between any two writes of a chunk that is computed again leaves no finished specimen without values."""
    store = plan({"Aus bus": 3})
    fill(store.location)
    (Path(store.images_root) / "Aus_bus-001.jpg").write_bytes(b"another photograph")
    plan({"Aus bus": 3})
    (chunk,) = pending_chunks(store.location)
    bad = result(chunk)
    bad.status[:] = Status.TRUNCATED
    write = chunks._Block.write
    for allowed in range(1, 6):
        left = iter(range(allowed))

        def stop(block: chunks._Block, left: Iterator[int] = left) -> None:
            if next(left, None) is None:
                raise KeyboardInterrupt
            write(block)

        write_chunk(store.location, chunk, result(chunk))
        with monkeypatch.context() as patch:
            patch.setattr(chunks._Block, "write", stop)
            with pytest.raises(KeyboardInterrupt):
                write_chunk(store.location, chunk, bad)
        assert verify(store.location) == []
        assert open_store(store.location).record("Aus_bus-001").status is Status.PENDING
    write_chunk(store.location, chunk, bad)
    assert open_store(store.location).record("Aus_bus-001").status is Status.TRUNCATED
    assert open_store(store.location).record("Aus_bus-000").status is Status.DONE


def test_damage_that_is_met_while_writing_costs_that_chunk_alone(
    plan: Planner, caplog: pytest.LogCaptureFixture
) -> None:
    store = plan({"Aus bus": CHUNK + 3})
    fill(store.location)
    whole = arrays(store)
    for name in ("evidence/c/1/0/0/0", "state/c/1"):
        path = Path(store.location) / "Ausidae/Aus/Aus_bus" / name
        path.write_bytes(path.read_bytes()[:-3])
        chunk = next(c for c in pending_chunks(store.location, retry_failed=True)) if "state" in name else None
        if chunk is None:
            (Path(store.images_root) / f"Aus_bus-{CHUNK:03d}.jpg").write_bytes(b"a later photograph")
            plan({"Aus bus": CHUNK + 3})
            (chunk,) = pending_chunks(store.location)
            assert len(chunk) == 1
        write_chunk(store.location, chunk, result(chunk))
        fill(store.location)
        assert verify(store.location) == []
        assert summarise(store).totals["done"] == CHUNK + 3
    assert "was damaged" in caplog.text
    same = arrays(store)
    for name in ("evidence", "logit"):
        np.testing.assert_array_equal(same[f"Ausidae/Aus/Aus_bus/{name}"], whole[f"Ausidae/Aus/Aus_bus/{name}"])


def test_a_species_whose_arrays_are_gone_is_made_again(plan: Planner) -> None:
    store = plan({"Aus bus": 2, "Aus cus": 2})
    fill(store.location)
    whole = arrays(store)
    (Path(store.location) / "Ausidae/Aus/Aus_bus/logit/zarr.json").unlink()
    assert give_up(store.location, verify(store.location)) == 1
    plan({"Aus bus": 2, "Aus cus": 2})
    assert fill(store.location) == 2
    assert_same(arrays(store), whole)


@pytest.mark.parametrize(
    ("number", "sentence"),
    [(errno.ENOSPC, "no space left"), (errno.EDQUOT, "no space left"), (errno.EROFS, "may not be")],
)
def test_a_disk_that_takes_no_more_is_said_and_leaves_the_store_sound(
    plan: Planner, monkeypatch: pytest.MonkeyPatch, number: int, sentence: str
) -> None:
    store = plan({"Aus bus": CHUNK + 2})
    first, second = pending_chunks(store.location)
    write_chunk(store.location, first, result(first))
    write, taken = steps.write_file, iter(range(3))

    def full(path: Path, content: bytes) -> None:
        if next(taken, None) is None:
            path.write_bytes(b"")
            raise OSError(number, os.strerror(number), str(path))
        write(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(steps, "write_file", full)
        with pytest.raises(StoreError, match=sentence):
            write_chunk(store.location, second, result(second))
    assert verify(store.location) == []
    assert summarise(store).totals == {"specimens": CHUNK + 2, "done": CHUNK, "failed": 0, "pending": 2, "rejected": 0}
    assert store.files.sweep_partial() == 0
    assert fill(store.location) == 2
    assert verify(store.location) == []


NOBODY = """
import os, sys
sys.path[:0] = {path!r}
import finercam_core.store as s
if os.geteuid() == 0:
    os.setuid(65534)
store = s.open_store({place!r})
print(s.summarise(store).totals["done"], len(s.verify({place!r})))
try:
    with s.exclusive({place!r}):
        print("written")
except s.lock.StoreError as error:
    print(error)
"""


def test_a_read_only_store_is_read_and_its_writer_refused_in_one_sentence(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = plan_at(f"{folder}/maps.zarr", tmp_path / "images", {"Aus bus": 2})
        fill(store.location)
        for path in (Path(folder), *Path(folder).rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        code = NOBODY.format(path=[str(path) for path in sys.path], place=store.location)
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for path in (Path(folder), *Path(folder).rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
    done, sentence = out.splitlines()
    assert done == "2 0"
    assert "cannot be written" in sentence


def test_a_store_whose_planner_was_killed_is_planned_again(plan: Planner) -> None:
    store = plan({"Aus bus": 2})
    (Path(store.location) / "specimens.parquet").unlink()
    with pytest.raises(StoreError, match="never completely planned"):
        summarise(open_store(store.location))
    assert fill(plan({"Aus bus": 2, "Dus eus": 1}).location) == 3


@pytest.mark.parametrize("room", [0, 1, 7, 30])
def test_a_disk_that_is_full_while_planning_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, room: int
) -> None:
    """Zarr writes in many tasks at once: only one of their errors is told, and the next planning goes on."""
    location, images = str(tmp_path / "maps.zarr"), tmp_path / "images"
    counts = {"Aus bus": 2, "Aus cus": 1, "Dus eus": 1}
    write, left = steps.write_file, iter(range(room))

    def full(path: Path, content: bytes) -> None:
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        write(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(steps, "write_file", full)
        with pytest.raises(StoreError, match="no space left"):
            plan_at(location, images, counts)
        gc.collect()
    assert caplog.records == []
    assert fill(plan_at(location, images, counts).location) == 4
    assert verify(location) == []
