"""The store: what was written is read back, nothing is lost or mixed, and a stopped run goes on where it was."""

import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr
from hypothesis import given
from hypothesis import strategies as st
from planned_store import GRID, SETTINGS, arrays, assert_same, fill, plan_at, result

from finercam_core.errors import StoreError
from finercam_core.status import Status
from finercam_core.store import (
    CHUNK,
    Chunk,
    Store,
    chunks,
    exclusive,
    give_up,
    open_store,
    pending_chunks,
    runs_beside,
    summarise,
    verify,
    write_chunk,
)
from finercam_core.store.layout import group_path
from finercam_core.store.runs import base_of, beside

Planner = Callable[..., Store]


@pytest.fixture
def plan(tmp_path: Path) -> Planner:
    def planned(counts: dict[str, int], **options: object) -> Store:
        return plan_at(str(tmp_path / "maps.zarr"), tmp_path / "images", counts, **options)  # type: ignore[arg-type]

    return planned


def test_xarray_opens_a_species_with_named_dims_and_coordinates(plan: Planner) -> None:
    store = plan({"Aus bus": 5, "Dus eus": 2})
    fill(store.location)
    path = f"{store.location}/Ausidae/Aus/Aus_bus"
    with xr.open_zarr(path, consolidated=False) as ds:
        assert ds["evidence"].dims == ("specimen", "class", "y", "x")
        assert ds["evidence"].dtype == np.float16
        assert [str(name) for name in ds["class"].values] == ["Aus bus", "Aus cus", "Dus eus"]
        assert str(ds["specimen"].values[4]) == "Aus_bus-004"
        assert ds.attrs["tiers"] == ["target", "congener", "unrelated"]
        assert np.isfinite(ds["evidence"].values).all()


def test_what_is_written_is_read_back(plan: Planner) -> None:
    store = plan({"Aus bus": CHUNK + 3})
    chunks = list(pending_chunks(store.location))
    assert [len(chunk) for chunk in chunks] == [CHUNK, 3]
    fill(store.location)
    for chunk in chunks:
        expected = result(chunk)
        for row, image_id in enumerate(chunk.image_ids):
            record = store.record(image_id)
            np.testing.assert_allclose(record.evidence, expected.evidence[row], rtol=1e-3, atol=1e-6)
            np.testing.assert_array_equal(record.logit, expected.logit[row])
            assert (record.status, record.predicted) == (Status.DONE, "Aus bus")
    assert list(pending_chunks(store.location)) == []


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


def test_values_that_are_not_finite_or_too_large_fail_their_specimen_alone(plan: Planner) -> None:
    store = plan({"Aus bus": 4})
    (chunk,) = pending_chunks(store.location)
    values = result(chunk)
    values.evidence[1, 0, 0, 0] = np.nan
    values.evidence[2, 0, 0, 0] = 1e5
    status = write_chunk(store.location, chunk, values)
    assert status.tolist() == [Status.DONE, Status.NOT_FINITE, Status.OVERFLOW, Status.DONE]
    assert np.isnan(store.record("Aus_bus-001").evidence).all()
    assert not np.isinf(arrays(store)["Ausidae/Aus/Aus_bus/evidence"]).any()
    found = summarise(store)
    assert found.causes == {"NOT_FINITE": 1, "OVERFLOW": 1}
    details = found.failures.set_index("image_id")["detail"]
    assert "100000" in details["Aus_bus-002"]
    assert details["Aus_bus-001"] == "the scores are finite, but the evidence is NaN"


def test_failures_of_the_same_chunk_keep_their_reasons(plan: Planner) -> None:
    store = plan({"Aus bus": 2})
    (chunk,) = pending_chunks(store.location)
    bad = result(chunk)
    bad.status[:] = Status.TRUNCATED
    bad.details.update({0: "cut at byte 7", 1: "cut at byte 9"})
    write_chunk(store.location, chunk, bad)
    assert list(pending_chunks(store.location)) == []
    (Path(store.images_root) / "Aus_bus-001.jpg").write_bytes(b"whole again")
    store = plan({"Aus bus": 2})
    (again,) = pending_chunks(store.location)
    assert again.slots == (1,)
    write_chunk(store.location, again, result(again))
    assert summarise(store).failures["detail"].tolist() == ["cut at byte 7"]
    assert [chunk.slots for chunk in pending_chunks(store.location, retry_failed=True)] == [(0,)]


def test_new_and_changed_images_are_computed_and_nothing_else(plan: Planner) -> None:
    store = plan({"Aus bus": 3})
    fill(store.location)
    before = store.record("Aus_bus-000").evidence
    (Path(store.images_root) / "Aus_bus-001.jpg").write_bytes(b"another photograph")
    store = plan({"Aus bus": 3, "Aus cus": 2})
    again = {image_id for chunk in pending_chunks(store.location) for image_id in chunk.image_ids}
    assert again == {"Aus_bus-001", "Aus_cus-000", "Aus_cus-001"}
    fill(store.location)
    np.testing.assert_array_equal(store.record("Aus_bus-000").evidence, before)
    assert summarise(store).totals == {"specimens": 5, "done": 5, "failed": 0, "pending": 0, "rejected": 0}


def test_growing_species_keep_their_slots_and_missing_rows_stay_unlisted(plan: Planner) -> None:
    store = plan({"Aus bus": CHUNK - 2}, hashValue="same")
    fill(store.location)
    slots = dict(zip(store.specimens["image_id"], store.specimens["slot"], strict=True))
    store = plan({"Aus bus": CHUNK + 2}, hashValue="same")
    assert sum(map(len, pending_chunks(store.location))) == 4
    assert fill(store.location) == 4
    after = dict(zip(store.specimens["image_id"], store.specimens["slot"], strict=True))
    assert {key: after[key] for key in slots} == slots
    assert sorted(after.values()) == list(range(CHUNK + 2))
    store = plan({"Aus bus": 2}, hashValue="same")
    assert store.specimens["listed"].sum() == 2
    assert summarise(store).totals["specimens"] == 2
    assert list(pending_chunks(store.location)) == []


def test_another_run_is_refused_in_one_sentence(plan: Planner) -> None:
    plan({"Aus bus": 1})
    with pytest.raises(StoreError, match="made with another method"):
        plan({"Aus bus": 1}, settings={**SETTINGS, "method": "hirescam"})


def test_versions_do_not_make_another_run(plan: Planner) -> None:
    one = plan({"Aus bus": 1}, settings={**SETTINGS, "versions": {"torch": "2.11"}})
    two = plan({"Aus bus": 1}, settings={**SETTINGS, "versions": {"torch": "2.12"}})
    assert one.provenance["run"] == two.provenance["run"]


def test_a_species_that_the_classifier_lacks_has_a_group_and_no_classes(plan: Planner) -> None:
    store = plan({"Aus bus": 1, "Zus zus": 2})
    assert store.record("Zus_zus-000").classes == ()
    assert store.species_dataset("Zus zus")["evidence"].shape == (2, 0, *GRID)


def test_a_newer_schema_is_refused(plan: Planner) -> None:
    store = plan({"Aus bus": 1})
    path = Path(store.location) / "zarr.json"
    content = json.loads(path.read_text())
    content["attributes"]["finercam"]["schema_version"] = 99
    path.write_text(json.dumps(content))
    with pytest.raises(StoreError, match="schema version 99"):
        open_store(store.location)


def test_what_is_no_store_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store"):
        open_store(tmp_path / "nothing.zarr")
    zarr.create_group(tmp_path / "other.zarr")
    with pytest.raises(StoreError, match="no finercam store"):
        open_store(tmp_path / "other.zarr")


def test_rows_outside_their_chunk_are_refused(plan: Planner) -> None:
    store = plan({"Aus bus": CHUNK + 1})
    first, second = pending_chunks(store.location)
    wrong = Chunk(**{**vars(second), "index": first.index})
    with pytest.raises(StoreError, match="not in chunk 0"):
        write_chunk(store.location, wrong, result(second))


def test_a_damaged_chunk_is_noticed(plan: Planner) -> None:
    store = plan({"Aus bus": 5})
    fill(store.location)
    path = Path(store.location) / "Ausidae/Aus/Aus_bus/evidence/c/0/0/0/0"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(ValueError, match=r"(?i)checksum"):
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


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_every_name_makes_a_safe_path(family: str, genus: str, species: str) -> None:
    parts = group_path(family, genus, species).split("/")
    assert len(parts) == 3
    assert all(part and part not in (".", "..") and not part.startswith((".", "__")) for part in parts)
    assert all(len(part.encode()) <= 255 for part in parts)


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


def test_a_changed_run_goes_beside_the_old_one_and_is_found_again(plan: Planner) -> None:
    old = plan({"Aus bus": 2})
    fill(old.location)
    before = arrays(old)
    changed = {**SETTINGS, "method": "hirescam"}
    new = plan({"Aus bus": 2}, settings=changed, beside=True)
    assert Path(new.location).name == f"maps.run-{new.provenance['run']}.zarr"
    assert fill(new.location) == 2
    assert plan({"Aus bus": 2}, settings=changed, beside=True).location == new.location
    assert fill(new.location) == 0
    assert_same(arrays(old), before)
    assert plan({"Aus bus": 2}, beside=True).location == old.location
    assert {place.location for place in runs_beside(new.location)} == {old.location, new.location}


def test_writing_to_one_run_keeps_others_from_the_runs_beside_it(plan: Planner) -> None:
    old = plan({"Aus bus": 1})
    new = plan({"Aus bus": 1}, settings={**SETTINGS, "method": "hirescam"}, beside=True)
    with exclusive(old.location), pytest.raises(StoreError, match="another run is writing"), exclusive(new.location):
        pass


def test_names_of_runs_lead_back_to_their_store() -> None:
    for name in ("s3://bucket/maps.zarr", "/data/fish.maps.zarr", "maps", "./a.b/maps"):
        assert base_of(beside(name, "0123456789ab")) == name
        assert base_of(name) == name


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
    for steps in range(1, 6):
        left = iter(range(steps))

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
    put, taken = zarr.storage._local._put, iter(range(3))

    def full(path: Path, *args: object, **options: object) -> object:
        if next(taken, None) is None:
            path.with_suffix(".x.partial").write_bytes(b"")
            raise OSError(number, os.strerror(number), str(path))
        return put(path, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr("zarr.storage._local._put", full)
        with pytest.raises(StoreError, match=sentence):
            write_chunk(store.location, second, result(second))
    assert verify(store.location) == []
    assert summarise(store).totals == {"specimens": CHUNK + 2, "done": CHUNK, "failed": 0, "pending": 2, "rejected": 0}
    assert store.files.sweep_partial() == 1
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
    with pytest.raises(StoreError, match="never planned to its end"):
        summarise(open_store(store.location))
    assert fill(plan({"Aus bus": 2, "Dus eus": 1}).location) == 3


def test_a_collection_that_moved_is_read_where_it_is_now(plan: Planner, tmp_path: Path) -> None:
    store = plan({"Aus bus": 1}, hashValue="same")
    fill(store.location)
    (tmp_path / "images").rename(tmp_path / "moved")
    moved = plan_at(store.location, tmp_path / "moved", {"Aus bus": 1}, hashValue="same")
    assert moved.images_root == str(tmp_path / "moved")
    assert fill(store.location) == 0
