"""The store: what was written is read back, nothing is lost or mixed, and a stopped run goes on where it was."""

import gc
import json
import weakref
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr
from hypothesis import given
from hypothesis import strategies as st
from planned_store import GRID, Planner, arrays, fill, plan_at, result

from finercam_core.errors import StoreError
from finercam_core.status import Status
from finercam_core.store import CHUNK, Chunk, open_store, pending_chunks, summarise, write_chunk
from finercam_core.store.layout import group_path


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


def test_a_store_that_nobody_holds_is_gone_with_its_table_without_waiting_for_the_collector(plan: Planner) -> None:
    store = open_store(plan({"Aus bus": 2}).location)
    assert store.record("Aus_bus-000").status == Status.PENDING
    gc.disable()
    try:
        gone = weakref.ref(store)
        del store
        assert gone() is None
    finally:
        gc.enable()


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


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_every_name_makes_a_safe_path(family: str, genus: str, species: str) -> None:
    parts = group_path(family, genus, species).split("/")
    assert len(parts) == 3
    assert all(part and part not in (".", "..") and not part.startswith((".", "__")) for part in parts)
    assert all(len(part.encode()) <= 255 for part in parts)
    assert all(not part.endswith((".", " ")) and part.isascii() for part in parts)


def test_a_collection_that_moved_is_read_where_it_is_now(plan: Planner, tmp_path: Path) -> None:
    store = plan({"Aus bus": 1}, hashValue="same")
    fill(store.location)
    (tmp_path / "images").rename(tmp_path / "moved")
    moved = plan_at(store.location, tmp_path / "moved", {"Aus bus": 1}, hashValue="same")
    assert moved.images_root == str(tmp_path / "moved")
    assert fill(store.location) == 0
