"""The store: what was written is read back, nothing is lost or mixed, and a stopped run goes on where it was."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
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
    exclusive,
    give_up,
    open_store,
    pending_chunks,
    summarise,
    verify,
    write_chunk,
)
from finercam_core.store.layout import group_path

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
    assert "100000" in found.failures.set_index("image_id").loc["Aus_bus-002", "detail"]


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
