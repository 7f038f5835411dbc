"""Several writers of one store: a shard is one writer's, a dead one's is taken over, and the end is as of one alone."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from planned_store import CLASSES, Planner, arrays, assert_same, fill, plan_at, result
from shared_writer import write_share

from finercam_core.errors import StoreError
from finercam_core.io.files import Files
from finercam_core.store import exclusive, open_store, pending_chunks, summarise, verify, write_chunk
from finercam_core.store.leases import members as members_module
from finercam_core.store.leases.claims import Claims, claimed
from finercam_core.store.leases.members import Member, dead_among, members
from finercam_core.store.leases.timing import LeaseTiming
from finercam_core.store.lock import lent
from finercam_core.store.sharing import claim, dead_owners, joined, others, writers

QUICK = LeaseTiming(renew=0.1, watch=0.6)
EACH, CHUNKS = 640, 30  # of each of three species, in chunks of 64
WRITER = [sys.executable, str(Path(__file__).parents[2] / "helpers" / "shared_writer.py")]


@pytest.fixture(params=["disk", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where stores are shared: on a disk, and on object storage with conditional writes."""
    monkeypatch.setattr(members_module, "timing_of", lambda _files: QUICK)
    if request.param == "disk":
        return str(tmp_path / "maps.zarr")
    return f"{request.getfixturevalue('bucket')}/maps.zarr"


def test_a_shard_is_one_writers_until_it_gives_it_back(place: str) -> None:
    files = Files(place)
    first, second = Claims(files, "a" * 32), Claims(files, "b" * 32)
    assert first.take("x-0")
    assert not second.take("x-0")
    assert not second.take("x-0", {"c" * 32})  # of another dead one
    assert second.take("x-1")
    assert claimed(files) == {"x-0": "a" * 32, "x-1": "b" * 32}
    second.release("x-0")  # not its own: nothing happens
    first.check("x-0")
    first.release("x-0")
    assert second.take("x-0")
    with pytest.raises(StoreError, match="another run took"):
        first.check("x-0")


def test_a_dead_writers_shard_is_taken_over_and_a_live_ones_is_not(place: str) -> None:
    files, alive = Files(place), Member(Files(place), QUICK)
    alive.join()
    claims = Claims(files, alive.token)
    assert claims.take("x-0")
    with joined(place) as me:
        assert dead_owners(place, me.token) == set()
        alive._end.set()  # as if it were killed on another machine: nobody renews its record
        alive._thread.join()
        dead = dead_among(files, [alive.token], QUICK)
        assert dead == {alive.token}
        with claim(place, "x-0", me.token) as taken:
            assert not taken
        with claim(place, "x-0", me.token, dead) as taken:
            assert taken
            with pytest.raises(StoreError, match="shard x-0, over while this one was asleep"):
                claims.check("x-0")
        assert [one.shards for one in writers(place)] == [0, 0]
    assert others(place) == []  # and it is cleared away
    assert members(files) == []


def test_a_plan_does_not_change_while_others_are_at_work(place: str, tmp_path: Path) -> None:
    images = tmp_path / "images"
    plan_at(place, images, {"Aus bus": 3})
    with joined(place), joined(place) as second:
        with exclusive(place, member=second.token):
            plan_at(place, images, {"Aus bus": 3})  # the same is as good as none
            with pytest.raises(StoreError, match=r"process \d+ of .* shares .*--share and the same catalog"):
                plan_at(place, images, {"Aus bus": 4})
        with pytest.raises(StoreError, match="2 other writers share"), exclusive(place):
            pass
    with exclusive(place):
        plan_at(place, images, {"Aus bus": 4})
    assert len(open_store(place).specimens) == 4


def test_a_writer_that_lost_its_shard_does_not_write(place: str, tmp_path: Path) -> None:
    plan_at(place, tmp_path / "images", {"Aus bus": 3})
    (chunk,) = pending_chunks(place)
    one, other = Claims(Files(place), "a" * 32), Claims(Files(place), "b" * 32)
    assert one.take("x-0")
    with lent(place, "a" * 32, "x-0"):
        write_chunk(place, chunk, result(chunk))
        assert other.take("x-0", {"a" * 32})
        with pytest.raises(StoreError, match="another run took"):
            write_chunk(place, chunk, result(chunk))


def test_shards_are_the_same_rows_wherever_a_writer_begins(plan: Planner) -> None:
    store = plan({"Aus bus": 150, "Aus cus": 5, "Dus eus": 70})
    backlog = pending_chunks(store.location)

    def shards(first: float) -> dict[int, set[str]]:
        found: dict[int, set[str]] = {}
        for number, chunks in backlog.in_shards(100, first):
            found.setdefault(number, set()).update(name for chunk in chunks for name in chunk.image_ids)
        return found

    whole = shards(0.0)
    assert sum(map(len, whole.values())) == 225
    assert all(shards(first) == whole for first in (0.3, 0.5, 0.99))
    next(iter(pending_chunks(store.location)))
    (first_chunk, *_) = pending_chunks(store.location)
    write_chunk(store.location, first_chunk, result(first_chunk))
    left = {name for chunk in pending_chunks(store.location) for name in chunk.image_ids}
    again = pending_chunks(store.location)
    for number, chunks in again.in_shards(100):
        assert {name for chunk in chunks for name in chunk.image_ids} == whole[number] & left


def single(folder: Path, each: int = EACH) -> dict[str, bytes]:
    store = plan_at(str(folder / "single.zarr"), folder / "images", dict.fromkeys(CLASSES, each))
    for chunk in pending_chunks(store.location):
        write_chunk(store.location, chunk, result(chunk))
    return files_of(folder / "single.zarr")


def files_of(store: Path) -> dict[str, bytes]:
    """Every file but those that say when and by whom the store was made."""
    left_out = {"zarr.json", ".writer.lock", ".writer.lease", ".claims/lock"}
    found = {path.relative_to(store).as_posix(): path for path in store.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name not in left_out}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [0, 1])
def test_writers_that_are_killed_again_and_again_leave_the_store_of_a_single_one(tmp_path: Path, seed: int) -> None:
    """Three at a time, killed while they write; those that are killed come again, as requeued tasks of an array do."""
    expected, store = single(tmp_path, 3 * EACH), tmp_path / "shared.zarr"
    command = [*WRITER, str(store), str(tmp_path / "images"), str(3 * EACH)]
    environment = {"PYTHONPATH": ":".join(sys.path), "FINERCAM_TEST_SLEEP": "0.15"}
    rng, kills, running, halves = random.Random(seed), 0, [], []
    while kills < 12:
        running += [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) for _ in range(3 - len(running))]
        victim = running.pop(rng.randrange(len(running)))
        assert victim.stdout is not None
        victim.stdout.readline()  # it has planned the store and writes
        time.sleep(rng.uniform(0.1, 2))
        kills += victim.poll() is None
        victim.send_signal(signal.SIGKILL)
        victim.communicate()
        halves.append(len(claimed(Files(store))))
        if not list(pending_chunks(str(store))):
            break
    written = [int(process.communicate(timeout=400)[0].split()[-1]) for process in running]
    assert all(process.returncode == 0 for process in running)
    print(f"\nseed {seed}: {kills} kills, claims after each {halves}; the last wrote {written} of {3 * CHUNKS} chunks")
    write_share(str(store), str(tmp_path / "images"), 3 * EACH)
    actual = files_of(store)
    assert actual.keys() == expected.keys()
    assert [name for name in actual if actual[name] != expected[name]] == []
    assert verify(str(store)) == []
    assert kills >= 2  # a slow machine starts few writers anew before all is written


def test_two_writers_at_once_do_the_work_of_one(tmp_path: Path) -> None:
    expected = single(tmp_path)
    command = [*WRITER, str(tmp_path / "shared.zarr"), str(tmp_path / "images"), str(EACH)]
    environment = {"PYTHONPATH": ":".join(sys.path)}
    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) for _ in range(2)]
    written = [int(process.communicate(timeout=200)[0].split()[-1]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum(written) == CHUNKS  # each chunk by one of them alone
    write_share(str(tmp_path / "shared.zarr"), str(tmp_path / "images"), EACH)
    assert files_of(tmp_path / "shared.zarr") == expected
    assert members(Files(tmp_path / "shared.zarr")) == []


def test_a_shared_store_in_a_bucket_is_that_of_a_disk(bucket: str, tmp_path: Path) -> None:
    assert write_share(f"{bucket}/maps.zarr", str(tmp_path / "images"), 4) == 3
    store = plan_at(str(tmp_path / "maps.zarr"), tmp_path / "images", dict.fromkeys(CLASSES, 4))
    for chunk in pending_chunks(store.location):
        write_chunk(store.location, chunk, result(chunk))
    assert_same(arrays(store), arrays(open_store(f"{bucket}/maps.zarr")))
    assert summarise(open_store(f"{bucket}/maps.zarr")).totals["pending"] == 0


def test_a_single_writer_goes_on_after_shared_ones_that_died(plan: Planner) -> None:
    store = plan({"Aus bus": 3})
    dead = Member(Files(store.location))
    dead.join()
    dead._end.set()
    assert Claims(Files(store.location), dead.token).take("x-0")
    record = Path(store.location) / ".writers" / f"{dead.token}.json"
    record.write_text(record.read_text().replace(f'"pid": {dead.record.pid}', '"pid": 4194303'))
    with exclusive(store.location):
        assert fill(store.location) == 3
    assert claimed(Files(store.location)) == {}
