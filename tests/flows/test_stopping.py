"""Ctrl-C and SIGTERM: one sentence, no worker left, an intact store, and the next run goes on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from finercam_flows.annotate import annotate

from finercam_core.store import exclusive, open_store, summarise, verify

COUNTS = {"Aus bus": 100, "Aus cus": 60}
Make = Callable[[Path, dict[str, int]], Path]


def start(catalog: Path, classifier: str, store: Path, workers: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "finercam_flows", "annotate", str(catalog), "--classifier", classifier]
    options = ["--store", str(store), "--workers", str(workers), "--references", "2", "--batch-size", "16"]
    return subprocess.Popen(
        [*command, *options, "--shard-size", "32"],
        env={**os.environ, "FINERCAM_TEST_SLEEP": "0.7"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a terminal sends Ctrl-C to a whole group
    )


def done_specimens(store: Path) -> int:
    return summarise(open_store(store)).totals["done"] if (store / "specimens.parquet").exists() else 0


def wait_for_specimens(store: Path, run: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 120
    while not done_specimens(store) and time.monotonic() < deadline and run.poll() is None:
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("number", "workers", "word"),
    [(signal.SIGTERM, 1, "SIGTERM"), pytest.param(signal.SIGINT, 2, "Ctrl-C", marks=pytest.mark.slow)],
)
def test_a_stopped_run_says_so_in_a_sentence_and_the_next_goes_on(
    prefect: str, make_collection: Make, tiny_classifier: str, tmp_path: Path,
    number: signal.Signals, workers: int, word: str,
) -> None:  # fmt: skip
    catalog, store = make_collection(tmp_path / "images", COUNTS), tmp_path / "maps.zarr"
    with start(catalog, tiny_classifier, store, workers) as run:
        wait_for_specimens(store, run)
        descendants = psutil.Process(run.pid).children(recursive=True)
        os.killpg(run.pid, number) if number is signal.SIGINT else run.send_signal(number)
        _, errors = run.communicate(timeout=60)
    assert run.returncode == 128 + number, errors
    assert errors.split("finercam: ")[1].startswith(f"stopped by {word}\n  what is finished is kept"), errors
    assert "Traceback" not in errors
    _, alive = psutil.wait_procs(descendants, timeout=10)
    assert alive == []
    with exclusive(store):
        assert verify(store) == []
    before = summarise(open_store(store)).totals["done"]
    assert 0 < before < sum(COUNTS.values())
    found = annotate(str(catalog), tiny_classifier, str(store), references=2, batch_size=16)
    assert found.computed.done == sum(COUNTS.values()) - before


@pytest.mark.slow
def test_a_killed_run_leaves_no_temporary_server_behind(
    make_collection: Make, tiny_classifier: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    with start(make_collection(tmp_path / "images", COUNTS), tiny_classifier, tmp_path / "maps.zarr", 1) as run:
        wait_for_specimens(tmp_path / "maps.zarr", run)
        descendants = psutil.Process(run.pid).children(recursive=True)
        assert any("prefect.server.api.server:create_app" in process.cmdline() for process in descendants)
        run.kill()
        run.communicate(timeout=30)
    _, alive = psutil.wait_procs(descendants, timeout=20)
    assert alive == []
