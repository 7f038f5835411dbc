"""A run that is killed again and again ends with the store of an undisturbed run, and never disturbs a reader."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from annotate_once import annotate_once
from dask_cluster import dask_scheduler, dask_worker

from finercam_core.catalog import open_catalog
from finercam_core.errors import StoreError
from finercam_core.status import Status
from finercam_core.store import open_store, pending_chunks, summarise, verify
from finercam_core.synthetic import render_collection

HELPERS = Path(__file__).parents[1] / "helpers"
Command = Callable[[Path], list[str]]


class Reader(threading.Thread):
    """Reads a store over and over while it is written, and keeps what went wrong."""

    def __init__(self, store: Path) -> None:
        super().__init__(daemon=True)
        self.store, self.problems, self.done_seen, self.looks = store, [], 0, 0  # type: ignore[var-annotated]
        self.end = threading.Event()

    def run(self) -> None:
        rng = random.Random(0)
        while not self.end.is_set():
            try:
                self._look(rng)
            except StoreError:
                time.sleep(0.05)  # not planned yet
            except Exception as error:
                self.problems.append(repr(error))
                return

    def _look(self, rng: random.Random) -> None:
        store = open_store(self.store)
        name = rng.choice(store.species)
        with store.species_dataset(name) as ds:
            done = (ds["state"].values & np.uint64(0xFF)) == Status.DONE
            if not np.isfinite(ds["evidence"].values[done]).all() or not np.isfinite(ds["logit"].values[done]).all():
                self.problems.append(f"NaN in a finished specimen of {name}")
        record = store.record(rng.choice(list(store.rows.index)))
        if record.status is Status.DONE:
            self.done_seen += 1
            if not np.isfinite(record.evidence).all() or not np.isfinite(record.log_sum_exp):
                self.problems.append(f"NaN in {record.image_id}, which is done")
        self.looks += 1
        time.sleep(0.05)


@contextmanager
def reader_of(store: Path) -> Iterator[Reader]:
    reader = Reader(store)
    reader.start()
    try:
        yield reader
    finally:
        reader.end.set()
        reader.join(60)


def files_of(store: Path) -> dict[str, bytes]:
    """Every file of a store except those that say when it was made."""
    dated = {"zarr.json", "last_run.json", ".writer.lock"}
    files = {path.relative_to(store).as_posix(): path for path in store.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if name not in dated}


def assert_equal_stores(expected: Path, actual: Path, specimens: int) -> None:
    first, second = files_of(expected), files_of(actual)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
    assert not [name for name in first if name.endswith(".partial")]
    assert verify(actual) == []
    assert list(pending_chunks(str(actual))) == []
    assert summarise(open_store(actual)).totals["done"] == specimens
    table = open_store(actual).specimens
    assert table["image_id"].is_unique
    assert not table.duplicated(["group", "slot"]).any()
    assert len(table) == specimens


def torture(command: list[str], store: Path, kills: int, seed: int, environment: dict[str, str]) -> dict[str, int]:
    """Kill the run, or one of its workers, at random moments, and start it again; how often each was killed."""
    rng, killed = random.Random(seed), {"parent": 0, "worker": 0}
    while sum(killed.values()) < kills:
        with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as run:
            if rng.random() < 0.8:
                _until_it_writes(run, store)
            time.sleep(rng.uniform(0, 1.5))
            workers = _workers(run)
            while workers and rng.random() < 0.4 and sum(killed.values()) < kills - 1:
                rng.choice(workers).send_signal(signal.SIGKILL)
                killed["worker"] += 1
                time.sleep(rng.uniform(0, 1))
                workers = _workers(run)
            assert run.poll() is None, f"the run ended after {killed} with {run.returncode}"
            run.send_signal(signal.SIGKILL)
            killed["parent"] += 1
    return killed


def _workers(run: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Processes that compute or decode for a run."""
    try:
        descendants = psutil.Process(run.pid).children(recursive=True)
        return [process for process in descendants if "spawn_main" in " ".join(process.cmdline())]
    except psutil.NoSuchProcess:
        return []


def _until_it_writes(run: subprocess.Popen[bytes], store: Path, seconds: float = 400) -> None:
    before, deadline = _done(store), time.monotonic() + seconds
    while _done(store) == before and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)


def _done(store: Path) -> int:
    try:
        return summarise(open_store(store)).totals["done"]
    except (StoreError, FileNotFoundError):
        return 0


def environment(species: list[str], sleep: float) -> dict[str, str]:
    path = os.pathsep.join([str(HELPERS), *sys.path])
    names = {"FINERCAM_TEST_SPECIES": "|".join(species), "FINERCAM_TEST_SLEEP": str(sleep)}
    return {**os.environ, "PYTHONPATH": path, **names}


@pytest.mark.slow
def test_killed_again_and_again_it_ends_byte_for_byte_the_same(
    make_collection: Callable[[Path, dict[str, int]], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = {"Aus bus": 70, "Aus cus": 30, "Eus fus": 20}
    catalog = make_collection(tmp_path / "images", counts)
    whole, tortured = tmp_path / "whole.zarr", tmp_path / "tortured.zarr"
    monkeypatch.setenv("FINERCAM_TEST_SPECIES", "|".join(counts))
    annotate_once(str(catalog), str(whole))
    with reader_of(tortured) as reader:
        run = [sys.executable, str(HELPERS / "annotate_once.py"), str(catalog), str(tortured)]
        torture(run, tortured, 3, 0, environment(list(counts), 0.1))
        annotate_once(str(catalog), str(tortured))
    assert reader.problems == []
    assert reader.looks > 0
    assert_equal_stores(whole, tortured, sum(counts.values()))


def annotate_command(catalog: Path, store: Path, *more: str) -> list[str]:
    options = ["--classifier", "exact_classifier:exact", "--store", str(store), "--references", "3"]
    sizes = ["--batch-size", "16", "--shard-size", "64"]
    return [sys.executable, "-m", "finercam_flows", "annotate", str(catalog), *options, *sizes, *more]


@pytest.fixture(scope="module")
def rendered(prefect_server: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], Path]:
    """2,000 rendered specimens: their catalog, their species, and the store of an undisturbed run."""
    folder = tmp_path_factory.mktemp("rendered")
    render_collection(folder / "images", train=120, val=10, test=4)
    tables = [pd.read_csv(folder / "images" / f"classification_{part}.csv") for part in ("train", "val", "test")]
    rows = pd.concat(tables).head(2000)
    paths = "Images/" + rows["file_name"]
    names = {"image_id": rows["filename"], "scientificName": rows["standardized_species"], "family": rows["family"]}
    catalog = folder / "images" / "catalog.csv"
    pd.DataFrame({**names, "path": paths}).to_csv(catalog, index=False)
    species = open_catalog(catalog).species
    subprocess.run(annotate_command(catalog, folder / "whole.zarr"), check=True, env=environment(species, 0))
    return catalog, species, folder / "whole.zarr"


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_two_thousand_rendered_specimens_and_twenty_kills(
    rendered: tuple[Path, list[str], Path], tmp_path: Path
) -> None:
    """The whole command with two worker processes; whichever process is killed, the next run does what is left."""
    catalog, species, whole = rendered
    tortured = tmp_path / "tortured.zarr"
    command = annotate_command(catalog, tortured, "--workers", "2")
    with reader_of(tortured) as reader:
        killed = torture(command, tortured, 20, 7, environment(species, 0.06))
        before = _done(tortured)
        subprocess.run(command, check=True, env=environment(species, 0))
    print(f"killed {killed}; {before} of 2000 were done before the last run; {reader.looks} looks of the reader, "
          f"{reader.done_seen} at finished specimens, problems: {reader.problems}")  # fmt: skip
    assert reader.problems == []
    assert killed["worker"] > 3
    assert_equal_stores(whole, tortured, 2000)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_two_thousand_rendered_specimens_on_two_dask_workers_of_which_one_is_killed(
    rendered: tuple[Path, list[str], Path], tmp_path: Path
) -> None:
    catalog, species, whole = rendered
    store, slow = tmp_path / "dask.zarr", environment(species, 0.02)
    with (
        dask_scheduler() as (address, _),
        dask_worker(address, **slow) as first,
        dask_worker(address, **slow),
        reader_of(store) as reader,
        subprocess.Popen(annotate_command(catalog, store, "--runner", address), env=slow) as run,
    ):
        _until_it_writes(run, store)
        first.send_signal(signal.SIGKILL)
        before = _done(store)
        assert run.wait(900) == 0
    print(f"one of two Dask workers killed after {before} of 2000; {reader.looks} looks, problems: {reader.problems}")
    assert reader.problems == []
    assert 0 < before < 2000
    assert_equal_stores(whole, store, 2000)
