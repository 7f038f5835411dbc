"""`make stack`: its parts are killed in turn; nothing is lost, and the store in S3 is that of a disk."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import fsspec
import pytest
import yaml
from napari_finercam.session.review import ReviewSession
from planned_store import arrays, assert_same
from prefect.settings import PREFECT_API_AUTH_STRING, temporary_settings
from serve_process import ANNOTATE, ServerClient, server_client, wait_for
from stack import PARTS, Stack, stack

from finercam_core.errors import FinercamError
from finercam_core.review import ReviewLog, read_verdicts
from finercam_core.store import open_store, summarise
from finercam_core.synthetic import render_collection

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]
ROOT = Path(__file__).parents[2]
POOL = "finercam-process"
log = logging.getLogger(__name__)
OPTIONS: dict[str, Any] = {"references": 3, "batch_size": 4, "shard_size": 8, "device": "cpu"}
FACTORY = """
from finercam_tiny import tiny
from finercam_core.synthetic import SPECIES

def fish():
    return tiny(tuple(species.name for species in SPECIES))
"""


def command(folder: Path, *words: object, sleep: str = "0", code: int = 0) -> str:
    """Run a command in the folder; its output, with every run of white space as one space."""
    environment = {
        **os.environ, "COLUMNS": "200", "FINERCAM_TEST_SLEEP": sleep, "FINERCAM_ALLOW_FACTORIES": "finercam_fish:fish",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", *map(str, words)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return " ".join((done.stdout + done.stderr).split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, tiny_classifier: str) -> Path:
    """A rendered collection, and the classifier of the tests with the names of its species."""
    folder = tmp_path_factory.mktemp("work")
    render_collection(folder / "collection", train=2, val=1, test=1)
    (folder / "catalog.toml").write_text((ROOT / "catalogs" / "demo.toml").read_text())
    (folder / "finercam_fish.py").write_text(FACTORY)
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), os.environ["PYTHONPATH"]])
    return folder


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Stack]:
    """The stack, with a deployment for each part that is to be killed; this process reaches all of it."""
    slowly = {"FINERCAM_TEST_SLEEP": "1.5", "FINERCAM_ALLOW_FACTORIES": "finercam_fish:fish"}
    # Not below the folder of pytest, which PostgreSQL's user may not enter.
    with (
        TemporaryDirectory() as kept,
        stack(Path(kept), folder, **slowly) as found,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in found.environment.items():
            patch.setenv(name, value)
        patch.setenv("PREFECT_HOME", str(found.folder / "client"))
        fsspec.get_filesystem_class("s3").clear_instance_cache()
        pool = {"name": POOL, "job_variables": {"working_dir": str(folder)}}
        shared = {"catalog": "catalog.toml", "classifier": "finercam_fish:fish", **OPTIONS}
        entries = [
            {"name": part, "entrypoint": ANNOTATE, "work_pool": pool, "parameters": {**shared, "store": place(part)}}
            for part in PARTS
        ]
        (folder / "prefect.yaml").write_text(yaml.safe_dump({"pull": [], "deployments": entries}))
        command(folder, "prefect", "--no-prompt", "deploy", "--all")
        yield found
        fsspec.get_filesystem_class("s3").clear_instance_cache()


@pytest.fixture(scope="module")
def client(running: Stack) -> Iterator[ServerClient]:
    login = {PREFECT_API_AUTH_STRING: running.environment["PREFECT_API_AUTH_STRING"]}
    with temporary_settings(login), server_client(running.url) as found:
        yield found


@pytest.fixture(scope="module")
def local(folder: Path) -> Path:
    """The store that the command writes to a disk."""
    words = [word for name, value in OPTIONS.items() for word in (f"--{name.replace('_', '-')}", value)]
    command(folder, "finercam_flows", "annotate", "catalog.toml", "--classifier", "finercam_fish:fish",
            "--store", "maps.zarr", *words)  # fmt: skip
    return folder / "maps.zarr"


def place(part: str) -> str:
    return f"s3://finercam/{part}.zarr"


def done(part: str) -> int:
    try:
        return summarise(open_store(place(part))).totals["done"]
    except FinercamError:  # not there yet, or away
        return 0


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_killed_costs_nothing(part: str, running: Stack, client: ServerClient, local: Path) -> None:
    """In the middle of a run; runs are started until one completes, as a person or tomorrow's schedule does."""
    run = client.start(f"annotate/{part}")
    wait_for(lambda: done(part) >= 4, 300, running.said)
    assert done(part) < 60
    running.kill(part)
    tries = 1
    # The run of a worker that is dead never ends for the server; another goes on where it was.
    while (part == "worker" and tries == 1) or end_of(client, run, running) != "Completed":
        assert tries < 4, running.said()
        run, tries = wait_for(lambda: _started(client, part), 120, running.said), tries + 1
    log.info("%s killed: %s runs until one completed", part, tries)
    assert_same(arrays(open_store(place(part))), arrays(open_store(local)))


def end_of(client: ServerClient, run: Any, running: Stack) -> str:
    return str(wait_for(lambda: _ended(client, run), 300, running.said))


def _ended(client: ServerClient, run: Any) -> str:
    """Name of the last state of a run that has ended, "" of one that has not or while the server is away."""
    try:
        state = client.state(run)
    except Exception:  # httpx and Prefect have many for a server that is away
        return ""
    return state if state in ("Completed", "Failed", "Crashed", "Cancelled") else ""


def _started(client: ServerClient, part: str) -> Any:
    try:
        return client.start(f"annotate/{part}")
    except Exception:  # as above
        return None


def test_what_was_reviewed_in_the_bucket_is_there_after_its_server_was_killed(
    running: Stack, client: ServerClient, folder: Path
) -> None:
    session = ReviewSession(place("server"), "Ada")
    for _ in range(3):
        session.decide("accept")
        session.navigation.move(1)
    given = read_verdicts(place("server"))
    assert [verdict.decision for verdict in given] == ["accept"] * 3
    running.kill("s3")
    kept = wait_for(lambda: _or_none(lambda: read_verdicts(place("server"))), 60, running.said)
    assert kept == given
    assert ReviewLog(place("server"), "Bo").append(given[0]).image_id == given[0].image_id
    assert "0 damaged chunks" in command(folder, "finercam_flows", "info", place("server"), "--verify")
    assert "3 accepted masks" in command(folder, "finercam_flows", "export", place("server"), "--to", "masks")
    command(folder, "finercam_flows", "evaluate", place("server"), "--out", "evaluation")
    command(folder, "finercam_flows", "report", place("server"), "--out", "atlas")
    assert (folder / "atlas" / "index.html").is_file()
    assert any((folder / "evaluation").iterdir())


def _or_none(read: Any) -> Any:
    try:
        return read()
    except (FinercamError, OSError):
        return None
