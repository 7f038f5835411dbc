"""One process per GPU, on simulated GPUs: a free one is taken, a busy one waited for, a dead owner's is free."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from finercam_flows.process import gpus

TWO = ["GPU-1111", "GPU-2222"]


@pytest.fixture(autouse=True)
def two_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpus, "identities", lambda: TWO)
    monkeypatch.setattr(gpus.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(gpus, "_preferred", [])
    monkeypatch.setattr(gpus, "POLL_SECONDS", 0.02)


def test_two_gpus_are_taken_in_turn_and_a_third_request_waits(caplog: pytest.LogCaptureFixture) -> None:
    taken: list[str] = []
    with gpus.held("auto") as first:
        with gpus.held("cuda") as second:
            assert (first, second) == ("cuda:0", "cuda:1")

            def third() -> None:
                with gpus.held("auto") as device:
                    taken.append(device)

            waiting = threading.Thread(target=third)
            waiting.start()
            waiting.join(0.3)
            assert taken == []
        waiting.join(10)
    assert taken == ["cuda:1"]
    assert "waiting for a GPU: all 2 are in use" in caplog.text


def test_a_process_keeps_the_gpu_that_holds_its_model() -> None:
    with gpus.held("cuda:1") as device:
        assert device == "cuda:1"
    with gpus.held("auto") as device:
        assert device == "cuda:1"


def test_other_devices_are_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    with gpus.held("cpu") as one, gpus.held("cpu") as two:
        assert (one, two) == ("cpu", "cpu")
    monkeypatch.setattr(gpus, "identities", list)
    with gpus.held("auto") as device:
        assert device == "auto"


HOLDER = """
import sys, time, tempfile
tempfile.gettempdir = lambda: sys.argv[1]
from finercam_flows.process import gpus
gpus.identities = lambda: ["GPU-1111", "GPU-2222"]
with gpus.held("cuda:0"):
    print("held", flush=True)
    time.sleep(600)
"""


def test_another_process_holds_its_gpu_until_it_dies(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        with gpus.held("auto") as device:
            assert device == "cuda:1"
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with gpus.held("cuda:0") as device:
        assert device == "cuda:0"


def test_there_is_one_worker_per_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    from finercam_flows.process.runners import workers_for

    monkeypatch.setattr(gpus, "count", lambda: 8)
    assert workers_for("local", 0, "auto") == 8
    assert workers_for("local", 3, "auto") == 3
    assert workers_for("local", 0, "cpu") == 1
