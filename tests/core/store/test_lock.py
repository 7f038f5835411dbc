"""One writer: asked without being disturbed, not fooled by a lock file that is gone, and never unaware of its end."""

import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from planned_store import Planner, fill, result

from finercam_core.errors import StoreError
from finercam_core.io.files import Files
from finercam_core.store import exclusive, pending_chunks, verify, write_chunk
from finercam_core.store.leases import disk
from finercam_core.store.leases.timing import LeaseTiming
from finercam_core.store.lock import Lease, check_held, is_held, lent

WRITER = """
import sys, time
sys.path[:0] = {path!r}
from planned_store import result
from finercam_core.errors import StoreError
from finercam_core.store import exclusive, pending_chunks, write_chunk
with exclusive({place!r}) as hold:
    (chunk,) = pending_chunks({place!r})
    print(hold.token, flush=True)
    try:
        for _ in range(1200):
            write_chunk({place!r}, chunk, result(chunk))
            time.sleep(0.05)
    except StoreError as error:
        print(error, flush=True)
"""


@contextmanager
def writer(place: str) -> Iterator["subprocess.Popen[str]"]:
    """Another process that writes to a store; it has the right when it has printed its token."""
    code = WRITER.format(path=sys.path, place=place)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.fixture
def place(plan: Planner) -> str:
    return plan({"Aus bus": 2}).location


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """An owner that does not renew for two seconds counts as dead."""
    monkeypatch.setattr(disk, "TIMING", LeaseTiming(renew=0.2, watch=2.0))


def test_twenty_askers_never_keep_a_writer_out(place: str) -> None:
    end, answers = threading.Event(), set[object]()

    def ask() -> None:
        while not end.is_set():
            answers.add(is_held(place))

    askers = [threading.Thread(target=ask) for _ in range(20)]
    for asker in askers:
        asker.start()
    try:
        for _ in range(30):
            with exclusive(place):
                time.sleep(0.005)
    finally:
        end.set()
        for asker in askers:
            asker.join()
    assert answers <= {True, False}


def test_the_answer_is_right_and_leaves_no_trace(place: str) -> None:
    assert is_held(place) is False
    with writer(place) as owner:
        line(owner)
        before = sorted(path.name for path in Path(place).iterdir())
        assert is_held(place) is True
        assert sorted(path.name for path in Path(place).iterdir()) == before
        owner.kill()
        owner.wait()
        assert is_held(place) is False
    with exclusive(place):
        assert is_held(place) is True
    assert is_held(place) is False
    assert not (Path(place) / ".writer.lease").exists()


def test_a_lock_file_that_was_removed_lets_nobody_in(place: str) -> None:
    with writer(place) as owner:
        line(owner)
        for _ in range(2):
            (Path(place) / ".writer.lock").unlink()
            with pytest.raises(StoreError, match="another run is writing"), exclusive(place):
                pass
        assert owner.poll() is None


def test_without_lock_and_lease_the_first_one_stops_in_one_sentence(place: str) -> None:
    with writer(place) as owner:
        line(owner)
        (Path(place) / ".writer.lock").unlink()
        (Path(place) / ".writer.lease").unlink()
        with exclusive(place) as hold:
            said = line(owner)
            hold.check()
        assert said.startswith(f"another run took {place} over while this one was asleep")
        assert owner.wait(20) == 0


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("ended", [False, True])
def test_a_run_that_was_stopped_finds_out_that_it_lost_its_lease(place: str, ended: bool) -> None:
    """Also if the run that took it over has ended since."""
    with writer(place) as owner:
        line(owner)
        owner.send_signal(signal.SIGSTOP)
        assert is_held(place) is None
        with pytest.raises(StoreError, match="another run is writing"), exclusive(place):
            pass
        (Path(place) / ".writer.lock").unlink()
        with exclusive(place) as hold:
            if not ended:
                owner.send_signal(signal.SIGCONT)
                assert line(owner).startswith("another run took")
            hold.check()
        if ended:
            owner.send_signal(signal.SIGCONT)
            assert line(owner).startswith("another run took")
        assert owner.wait(20) == 0
    fill(place)
    assert verify(place) == []


def test_a_run_that_was_stopped_and_lost_nothing_goes_on(place: str) -> None:
    with writer(place) as owner:
        line(owner)
        owner.send_signal(signal.SIGSTOP)
        time.sleep(1.2)
        owner.send_signal(signal.SIGCONT)
        assert is_held(place) is True
        assert owner.poll() is None


def test_a_copy_of_a_store_whose_run_was_killed_is_written_at_once(place: str, tmp_path: Path) -> None:
    with writer(place) as owner:
        line(owner)
        owner.kill()
        owner.wait()
    copy = shutil.copytree(place, tmp_path / "copy.zarr")
    for store in (copy, Path(place)):
        assert (store / ".writer.lease").exists()
        begun = time.monotonic()
        with exclusive(store):
            assert time.monotonic() - begun < disk.TIMING.watch
        assert not (store / ".writer.lease").exists()


def test_a_worker_stops_when_its_run_has_lost_the_store(place: str) -> None:
    (chunk,) = pending_chunks(place)
    with lent(place, "of-a-run-that-was-asleep"):
        check_held(place)
        with writer(place) as other:
            line(other)
            with pytest.raises(StoreError, match="another run took"):
                write_chunk(place, chunk, result(chunk))


def test_a_damaged_lease_is_nobodys(place: str) -> None:
    (Path(place) / ".writer.lease").write_bytes(b"\xff{")
    assert is_held(place) is False
    with exclusive(place):
        assert is_held(place) is True
    assert not (Path(place) / ".writer.lease").exists()


def test_a_lease_that_cannot_be_given_back_is_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    files = Files("memory://lease")

    def cut_off(*_arguments: object, **_options: object) -> None:
        raise ConnectionResetError("cut off")

    monkeypatch.setattr(type(files.fs), "info", cut_off)
    with pytest.raises(StoreError, match="memory://lease cannot be read or written: cut off"):
        Lease(files, "lock").release()
