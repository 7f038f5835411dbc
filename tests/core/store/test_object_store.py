"""The same store on object storage, against a real S3 server: written, resumed, verified, and one writer at a time."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from planned_store import SETTINGS, arrays, assert_same, fill, plan_at, result

from finercam_core.errors import StoreError
from finercam_core.io.files import Files
from finercam_core.store import (
    CHUNK,
    exclusive,
    give_up,
    newest_run,
    open_store,
    pending_chunks,
    repair,
    runs_beside,
    summarise,
    verify,
    write_chunk,
)
from finercam_core.store import lock as lock_module
from finercam_core.store.lock import Lease, LeaseTiming

QUICK = LeaseTiming(renew=0.2, watch=1.0)
COUNTS = {"Aus bus": CHUNK + 6, "Dus eus": 3}


def test_it_holds_what_the_same_store_on_a_disk_holds(bucket: str, tmp_path: Path) -> None:
    remote = plan_at(f"{bucket}/maps.zarr", tmp_path / "images", COUNTS)
    first, *rest = pending_chunks(remote.location)
    write_chunk(remote.location, first, result(first))
    assert [(c.group, c.index) for c in pending_chunks(remote.location)] == [(c.group, c.index) for c in rest]
    assert fill(remote.location) == sum(COUNTS.values()) - CHUNK
    local = plan_at(str(tmp_path / "maps.zarr"), tmp_path / "images", COUNTS)
    fill(local.location)
    assert_same(arrays(remote), arrays(local))
    record, same = (open_store(store.location).record("Aus_bus-065") for store in (remote, local))
    np.testing.assert_array_equal(record.evidence, same.evidence)
    assert remote.species_dataset("Dus eus").sizes["specimen"] == 3
    plan_at(remote.location, tmp_path / "images", {"Aus bus": CHUNK + 8, "Aus cus": 1, "Dus eus": 3})
    assert fill(remote.location) == 3
    assert summarise(open_store(remote.location)).totals["done"] == sum(COUNTS.values()) + 3


def test_damage_is_found_and_computed_again(bucket: str, tmp_path: Path) -> None:
    store = plan_at(f"{bucket}/maps.zarr", tmp_path / "images", COUNTS)
    fill(store.location)
    whole = arrays(store)
    name = "Ausidae/Aus/Aus_bus/evidence/c/0/0/0/0"
    store.files.write(name, store.files.read(name)[:-9])
    found = verify(store.location)
    assert [(damage.group, damage.index, damage.array) for damage in found] == [("Ausidae/Aus/Aus_bus", 0, "evidence")]
    give_up(store.location, found)
    assert fill(store.location) == CHUNK
    assert_same(arrays(store), whole)


def test_a_changed_run_goes_beside(bucket: str, tmp_path: Path) -> None:
    old = plan_at(f"{bucket}/maps.zarr", tmp_path / "images", {"Dus eus": 1})
    new = plan_at(
        old.location, tmp_path / "images", {"Dus eus": 1}, settings={**SETTINGS, "method": "hirescam"}, beside=True
    )
    assert new.location == f"{bucket}/maps.run-{new.provenance.run}.zarr"
    assert {place.location for place in runs_beside(old.location)} == {old.location, new.location}
    assert newest_run(old.location) in {old.location, new.location}


def test_a_second_writer_is_refused_while_the_first_lives(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_module, "Lease", lambda files, name: Lease(files, name, QUICK))
    place = f"{bucket}/maps.zarr"
    with exclusive(place), pytest.raises(StoreError, match="another run is writing"), exclusive(place):
        pass
    with exclusive(place):  # the first ended: nothing to wait for
        pass
    assert not Files(place).exists(".writer.lock")


HOLDER = """
import time
from finercam_core.store import lock
from finercam_core.store.lock import Lease, LeaseTiming
lock.Lease = lambda files, name: Lease(files, name, LeaseTiming(0.2, 1.0))
with lock.exclusive({place!r}):
    print("in", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGSTOP])
def test_a_dead_or_sleeping_writer_loses_its_lease(bucket: str, kill: signal.Signals) -> None:
    place = f"{bucket}/maps.zarr"
    command = [sys.executable, "-c", HOLDER.format(place=place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=dict(os.environ)) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"in"
        challenger = Lease(Files(place), ".writer.lock", QUICK)
        assert not challenger.acquire()
        holder.send_signal(kill)
        assert challenger.acquire()
        holder.kill()
    challenger.check()
    challenger.release()


def test_an_owner_that_slept_through_its_lease_stops_writing(bucket: str, tmp_path: Path) -> None:
    store = plan_at(f"{bucket}/maps.zarr", tmp_path / "images", {"Dus eus": 1})
    (chunk,) = pending_chunks(store.location)
    with exclusive(store.location) as hold:
        write_chunk(store.location, chunk, result(chunk))
        hold._lost = True  # type: ignore[attr-defined]
        with pytest.raises(StoreError, match=r"took .* over"):
            write_chunk(store.location, chunk, result(chunk))
        hold._lost = False  # type: ignore[attr-defined]


def test_of_several_challengers_one_wins(bucket: str) -> None:
    place = f"{bucket}/maps.zarr"
    dead = Lease(Files(place), ".writer.lock", QUICK)
    assert dead._put({"IfNoneMatch": "*"})
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert sum(pool.map(challenge, [place] * 3)) == 1


def challenge(place: str) -> bool:
    lease = Lease(Files(place), ".writer.lock", QUICK)
    won = lease.acquire()
    time.sleep(1.5)
    return won


def test_clocks_are_not_compared(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place = f"{bucket}/maps.zarr"
    owner = Lease(Files(place), ".writer.lock", QUICK)
    assert owner.acquire()
    monkeypatch.setattr(time, "time", lambda: 4e9)
    assert not Lease(Files(place), ".writer.lock", QUICK).acquire()
    owner.check()
    owner.release()


def test_a_bucket_that_is_not_there_is_said_in_one_sentence(bucket: str) -> None:
    with pytest.raises(StoreError, match="no store at"):
        open_store("s3://finercam-no-such-bucket/maps.zarr")
    with (
        pytest.raises(StoreError, match="finercam-no-such-bucket"),
        exclusive("s3://finercam-no-such-bucket/maps.zarr"),
    ):
        pass


def test_a_plan_that_is_gone_is_rebuilt_from_the_maps(bucket: str, tmp_path: Path) -> None:
    place, counts = f"{bucket}/maps.zarr", {"Aus bus": 3, "Aus cus": 2}
    store = plan_at(place, tmp_path / "images", counts)
    fill(place)
    before = store.specimens
    store.files.remove("specimens.parquet")
    with pytest.raises(StoreError, match=r"is gone, but 5 specimens of it are finished: .*repair"):
        plan_at(place, tmp_path / "images", counts)
    done = repair(place)
    assert (done.specimens, done.species, done.finished) == (5, 2, 5)
    assert verify(place) == []
    again = plan_at(place, tmp_path / "images", counts)
    assert again.specimens.equals(before)
    assert fill(place) == 0
