"""Runners: local processes, and a Dask scheduler with two workers, one of which is killed."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zarr
from dask_cluster import dask_scheduler, dask_worker
from finercam_flows.annotate import annotate

from finercam_core.errors import RunError
from finercam_core.explain.engine.shard import ShardReport
from finercam_core.store import open_store, summarise

COUNTS = {"Aus bus": 100, "Aus cus": 70, "Eus fus": 20}
Make = Callable[[Path, dict[str, int]], Path]
OPTIONS = {"references": 2, "shard_size": 32, "batch_size": 16}


def contents(store: Path) -> dict[str, np.ndarray]:
    root, groups = zarr.open_group(store, mode="r"), open_store(store).groups.values()
    names = ("evidence", "logit", "log_sum_exp", "predicted", "state", "specimen")
    return {f"{group}/{name}": np.asarray(root[f"{group}/{name}"][:]) for group in groups for name in names}


def assert_same(expected: Path, actual: Path) -> None:
    first, second = contents(expected), contents(actual)
    assert first.keys() == second.keys()
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name], err_msg=name)


@pytest.fixture
def whole(prefect: str, make_collection: Make, tiny_classifier: str, tmp_path: Path) -> tuple[str, Path]:
    """A catalog, and the store that an undisturbed run in one process made from it."""
    catalog = str(make_collection(tmp_path / "images", COUNTS))
    annotate(catalog, tiny_classifier, str(tmp_path / "whole.zarr"), **OPTIONS)
    return catalog, tmp_path / "whole.zarr"


def test_two_local_processes_write_the_same_store(whole: tuple[str, Path], tiny_classifier: str) -> None:
    catalog, expected = whole
    store = expected.with_name("local.zarr")
    found = annotate(catalog, tiny_classifier, str(store), workers=2, **OPTIONS)
    assert found.computed == ShardReport(done=sum(COUNTS.values()), failed=0)
    assert_same(expected, store)


def start(catalog: str, classifier: str, store: Path, runner: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "finercam_flows", "annotate", catalog, "--classifier", classifier]
    options = ["--store", str(store), "--runner", runner, "--references", "2"]
    sizes = ["--batch-size", "16", "--shard-size", "32"]
    return subprocess.Popen([*command, *options, *sizes], stderr=subprocess.PIPE, stdout=subprocess.PIPE)


def wait_for_specimens(store: Path, count: int, run: subprocess.Popen[bytes]) -> int:
    deadline, done = time.monotonic() + 120, 0
    while done < count and time.monotonic() < deadline and run.poll() is None:
        time.sleep(0.2)
        done = summarise(open_store(store)).totals["done"] if (store / "specimens.parquet").exists() else 0
    return done


@pytest.mark.slow
def test_one_of_two_dask_workers_is_killed_and_nothing_is_lost(whole: tuple[str, Path], tiny_classifier: str) -> None:
    catalog, expected = whole
    store = expected.with_name("dask.zarr")
    with (
        dask_scheduler() as (address, _),
        dask_worker(address, FINERCAM_TEST_SLEEP="0.4") as first,
        dask_worker(address, FINERCAM_TEST_SLEEP="0.4"),
        start(catalog, tiny_classifier, store, address) as run,
    ):
        assert 0 < wait_for_specimens(store, 32, run) < sum(COUNTS.values())
        first.send_signal(signal.SIGKILL)
        output, errors = run.communicate(timeout=200)
    assert run.returncode == 0, errors.decode()
    assert f"{sum(COUNTS.values())} specimens computed in this run" in output.decode()
    assert not list(store.rglob("*.partial"))
    assert_same(expected, store)


@pytest.mark.slow
def test_a_lost_scheduler_ends_the_run_in_a_sentence_and_the_next_goes_on(
    whole: tuple[str, Path], tiny_classifier: str
) -> None:
    catalog, expected = whole
    store = expected.with_name("lost.zarr")
    with (
        dask_scheduler() as (address, scheduler),
        dask_worker(address, FINERCAM_TEST_SLEEP="0.4"),
        start(catalog, tiny_classifier, store, address) as run,
    ):
        wait_for_specimens(store, 32, run)
        scheduler.send_signal(signal.SIGKILL)
        _, errors = run.communicate(timeout=200)
    assert run.returncode == 1
    assert "the Dask scheduler was lost in the middle of the run" in errors.decode()
    assert "Traceback" not in errors.decode()
    before = summarise(open_store(store)).totals["done"]
    assert 32 <= before < sum(COUNTS.values())
    found = annotate(catalog, tiny_classifier, str(store), **OPTIONS)
    assert found.computed.done == sum(COUNTS.values()) - before
    assert_same(expected, store)


def test_an_address_without_a_scheduler_is_one_clear_error(whole: tuple[str, Path], tiny_classifier: str) -> None:
    catalog, expected = whole
    with pytest.raises(RunError, match="no Dask scheduler answers at tcp://127"):
        annotate(catalog, tiny_classifier, str(expected.with_name("none.zarr")), runner="tcp://127.0.0.1:9")
