"""Decoding ahead: every specimen in its order, whatever the workers, and although a worker dies."""

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from deadly_preparation import COLOUR, Deadly
from PIL import Image

from finercam_core.explain.engine import decoders, handover
from finercam_core.explain.engine.background import BackgroundCalls, prefetch
from finercam_core.explain.engine.batches import batches, normalised_on_device
from finercam_core.explain.engine.decoders import (
    DecodedSpecimen,
    DecoderSettings,
    _discard_processes,
    decoded_specimens,
    start_processes,
)
from finercam_core.explain.engine.handover import Parcel, packed, unpacked
from finercam_core.images.decoder import load_pixels
from finercam_core.images.faults import ImageError
from finercam_core.images.preparation import Preparation
from finercam_core.status import Status
from finercam_core.store import Chunk

PREPARATION = Preparation(16, 24)


def chunk_of(places: list[str], name: str = "Aus bus", faults: dict[int, str] | None = None) -> Chunk:
    n = len(places)
    marks = tuple((faults or {}).get(i, "") for i in range(n))
    return Chunk("g", 0, name, tuple(range(n)), tuple(places), tuple(places), marks, (0,) * n)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for i in range(30):
        Image.new("RGB", (60, 40), (8 * i, 100, 255 - 8 * i)).save(tmp_path / f"{i}.png")
    (tmp_path / "9.png").write_bytes(b"no image")
    return tmp_path


def decode(chunks: list[Chunk], folder: Path, *, processes: bool, workers: int = 2) -> list[DecodedSpecimen]:
    how = DecoderSettings(PREPARATION, str(folder), workers, processes)
    return list(decoded_specimens(chunks, how, known=lambda name: name != "Zus zus", ahead=20))


@pytest.mark.parametrize("processes", [False, True])
def test_all_come_in_their_order_with_what_is_wrong_with_them(folder: Path, processes: bool) -> None:
    places = [f"{i}.png" for i in range(30)]
    first = chunk_of(places[:20], faults={3: "OUTSIDE_COLLECTION"})
    chunks = [first, chunk_of(places[20:25], "Zus zus"), chunk_of(places[25:])]
    items = decode(chunks, folder, processes=processes)
    assert [item.chunk.places[item.row] for item in items] == places
    expected = dict.fromkeys(range(20, 25), Status.UNKNOWN_SPECIES)
    expected |= {3: Status.OUTSIDE_COLLECTION, 9: Status.NOT_AN_IMAGE}
    for i, item in enumerate(items):
        assert item.status is expected.get(i, Status.DONE)
        if item.pixels is not None:
            np.testing.assert_array_equal(item.pixels, load_pixels(folder / places[i], PREPARATION))


def test_a_worker_that_dies_costs_nothing(folder: Path) -> None:
    how = DecoderSettings(PREPARATION, str(folder), 2, True)
    chunk = chunk_of([f"{i}.png" for i in range(30) if i != 9])
    items = decoded_specimens([chunk], how, known=lambda _: True, ahead=20)
    found = [next(items)]
    before = psutil.Process().children()
    for child in before:
        if "spawn_main" in " ".join(child.cmdline()):
            child.send_signal(signal.SIGKILL)
    found += list(items)
    _discard_processes(2)
    assert [item.row for item in found] == list(range(29))
    assert all(item.status is Status.DONE for item in found)


def test_an_image_that_kills_its_decoder_is_a_bad_image_and_the_rest_is_done(folder: Path) -> None:
    how = DecoderSettings(Deadly(16, 24), str(folder), 1, True)
    chunk = chunk_of([f"{i}.png" for i in range(8)])
    items = list(decoded_specimens([chunk], how, known=lambda _: True, ahead=16))
    _discard_processes(1)
    assert [item.status.name for item in items] == ["DONE"] * 5 + ["UNREADABLE"] + ["DONE"] * 2
    assert "decoder died" in items[5].detail


ORPHANS = """
import multiprocessing, os, time
from concurrent.futures import ProcessPoolExecutor
from finercam_core.io.workers import end_with_parent
if __name__ == "__main__":
    pool = ProcessPoolExecutor(2, multiprocessing.get_context("spawn"), end_with_parent)
    print(*{pool.submit(os.getpid).result() for _ in range(20)}, flush=True)
    time.sleep(600)
"""


def test_no_worker_outlives_a_killed_parent(tmp_path: Path) -> None:
    (tmp_path / "parent.py").write_text(ORPHANS)
    with subprocess.Popen([sys.executable, str(tmp_path / "parent.py")], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        workers = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        parent.kill()
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert not alive


def test_preparing_on_the_device_gives_the_same_bits() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 16, 24, 3), np.uint8)
    there = normalised_on_device(torch.from_numpy(pixels), PREPARATION)
    np.testing.assert_array_equal(there.numpy(), PREPARATION.normalise(pixels))


def test_batches_hold_bad_specimens_without_pixels() -> None:
    chunk = chunk_of(["a", "b", "c"])
    good = DecodedSpecimen(chunk, 0, np.zeros((16, 24, 3), np.uint8), Status.DONE)
    bad = DecodedSpecimen(chunk, 1, None, Status.MISSING)
    one, two = batches([good, bad, bad], 2, torch.device("cpu"))
    assert (len(one.specimens), len(one.readable), one.pixels.shape) == (2, 1, (1, 16, 24, 3))
    assert (len(two.specimens), len(two.readable)) == (1, 0)


def test_prefetching_keeps_order_and_lets_errors_through() -> None:
    assert list(prefetch(range(50), 3)) == list(range(50))
    assert list(prefetch([], 2)) == []
    with pytest.raises(ZeroDivisionError):
        list(prefetch(1 // n for n in (1, 0, 2)))


def test_what_runs_in_the_background_is_bounded_and_its_errors_are_raised() -> None:
    running: list[int] = []
    with BackgroundCalls(1, waiting=2) as background:
        for i in range(9):
            background.submit(lambda i=i: (time.sleep(0.01), running.append(i)))
            assert i - len(running) <= 3
        background.results(wait_for_all=True)
        background.submit(lambda: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            background.results(wait_for_all=True)
    assert running == list(range(9))


@pytest.mark.slow
@pytest.mark.parametrize("fate", ["killed", "hanging"])
def test_a_decoder_that_is_killed_or_hangs_costs_its_image_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch, fate: str
) -> None:
    """As by the kernel when memory runs out; or a decoder in C that never comes back."""
    monkeypatch.setenv("FINERCAM_TEST_FATE", fate)
    how = DecoderSettings(Deadly(16, 24), str(folder), 1, True, max_seconds=3.0)
    items = list(decoded_specimens([chunk_of([f"{i}.png" for i in range(8)])], how, known=lambda _: True, ahead=16))
    _discard_processes(1)
    assert [item.status.name for item in items] == ["DONE"] * 5 + ["UNREADABLE"] + ["DONE"] * 2


def test_a_heavy_image_beside_threads_is_decoded_in_a_process_that_may_be_killed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FINERCAM_TEST_FATE", "killed")
    monkeypatch.setattr(decoders, "HEAVY", 30_000)
    Image.new("RGB", (90, 60), (1, 2, 3)).save(folder / "6.png")
    Image.new("RGB", (90, 60), COLOUR).save(folder / "5.png")
    how = DecoderSettings(Deadly(16, 24), str(folder), 2)
    items = list(decoded_specimens([chunk_of([f"{i}.png" for i in range(8)])], how, known=lambda _: True, ahead=16))
    _discard_processes(0)
    assert [item.status.name for item in items] == ["DONE"] * 5 + ["UNREADABLE"] + ["DONE"] * 2
    assert "was killed" in items[5].detail
    np.testing.assert_array_equal(items[6].pixels, load_pixels(folder / "6.png", Preparation(16, 24)))


def blocks() -> set[str]:
    """Names of the blocks of shared memory of this machine."""
    return {path.name for path in Path("/dev/shm").glob("psm_*")}


def test_nothing_stays_in_shared_memory(folder: Path) -> None:
    """Of what is taken, what is never asked for, and images that cannot be read; the pixels are those of threads."""
    before, places = blocks(), [f"{i}.png" for i in range(30)]
    apart, here = (decode([chunk_of(places)], folder, processes=processes) for processes in (True, False))
    for one, other in zip(apart, here, strict=True):
        assert one.status == other.status
        if one.pixels is not None:
            np.testing.assert_array_equal(one.pixels, other.pixels)
    how = DecoderSettings(PREPARATION, str(folder), 2, True)
    some = decoded_specimens([chunk_of(places)], how, known=lambda _: True, ahead=30)
    next(some)
    some.close()
    _discard_processes(2)
    end = time.monotonic() + 30
    while blocks() - before and time.monotonic() < end:
        time.sleep(0.05)
    assert blocks() <= before


def test_pixels_are_sent_as_they_are_where_shared_memory_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = [np.full((4, 6, 3), 7, np.uint8), ImageError(Status.UNREADABLE, "a.png", "broken")]
    parcel = packed(outcomes)
    assert isinstance(parcel, Parcel)
    image, error = unpacked(parcel)
    np.testing.assert_array_equal(image, outcomes[0])
    assert str(error) == str(outcomes[1])

    def full(*_arguments: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(handover, "SharedMemory", full)
    assert packed(outcomes) is outcomes
    assert unpacked(outcomes) is outcomes
    assert unpacked(packed(outcomes[1:])) == outcomes[1:]  # no pixels, no memory


def test_what_decodes_can_be_started_before_it_is_needed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool that was started is the one that decodes; one that died in the meantime stops nothing."""
    with ThreadPoolExecutor(2) as pool:
        monkeypatch.setitem(decoders._process_pools, 2, pool)
        start_processes(2)
        found = decode([chunk_of([f"{i}.png" for i in range(8)])], folder, processes=True)
    assert [one.status for one in found] == [Status.DONE] * 8

    class Dead(ThreadPoolExecutor):
        def submit(self, *_arguments: object) -> object:
            raise BrokenProcessPool

    with Dead(2) as dead:
        monkeypatch.setitem(decoders._process_pools, 2, dead)
        start_processes(2)
