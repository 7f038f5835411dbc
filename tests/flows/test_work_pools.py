"""A worker of a work pool: `prefect deploy` reads the file of `finercam serve`, and every start gives one store."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from finercam_flows.serving.config import read_config
from planned_store import arrays, assert_same
from serve_process import annotate_deployment, serve_process, server_client, wait_for

from finercam_core.errors import ServeError
from finercam_core.store import open_store

Make = Callable[[Path, dict[str, int]], Path]
POOL = "finercam-process"
STARTS = ("form", "command", "cron")


def prefect_command(folder: Path, url: str, *words: str) -> str:
    environment = {**os.environ, "PREFECT_API_URL": url, "COLUMNS": "200", "PREFECT_LOGGING_LEVEL": "WARNING"}
    command = [sys.executable, "-m", "prefect", "--no-prompt", *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def worker(folder: Path, url: str) -> Iterator[Callable[[], str]]:
    """A worker of the pool, as a person starts it; what it says."""
    log = folder / "worker.log"
    allowed = {"FINERCAM_ALLOW_FACTORIES": "finercam_tiny:tiny", "PREFECT_API_URL": url}
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, **allowed}, stdout=out, stderr=out)
        try:
            yield log.read_text
        finally:
            process.terminate()
            process.wait(60)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_form_the_command_and_cron_give_the_same_store_through_a_work_pool(
    prefect: str, make_collection: Make, tiny_classifier: str, tmp_path: Path
) -> None:
    catalog = make_collection(tmp_path / "images", {"Aus bus": 3, "Aus cus": 3, "Dus eus": 3})
    pool: dict[str, Any] = {"name": POOL, "job_variables": {"working_dir": str(tmp_path)}}
    entries = [
        annotate_deployment(f"pool-{start}", catalog, Path(f"{start}.zarr"), work_pool=pool, concurrency_limit=1)
        for start in STARTS
    ]
    entries[2]["schedules"] = [{"cron": "* * * * *", "timezone": "Europe/Berlin"}]
    file = {"pull": [], "limits": {"cron.zarr": 1}, "deployments": entries}
    (tmp_path / "prefect.yaml").write_text(yaml.safe_dump(file))
    assert [each.pool for each in read_config(tmp_path / "prefect.yaml")] == [POOL] * 3
    prefect_command(tmp_path, prefect, "work-pool", "create", POOL, "--type", "process", "--overwrite")
    said_of_deploy = prefect_command(tmp_path, prefect, "deploy", "--all")
    assert all(f"annotate/pool-{start}" in said_of_deploy for start in STARTS)
    with worker(tmp_path, prefect) as said, server_client(prefect) as client:
        form = client.start("annotate/pool-form")
        prefect_command(tmp_path, prefect, "deployment", "run", "annotate/pool-command")
        assert client.ended(form, 600) == "Completed", said()
        for start in STARTS[1:]:
            wait_for(lambda start=start: client.completed(f"annotate/pool-{start}"), 600, said)
        failing = client.start("annotate/pool-form", catalog="gone.csv")
        assert client.ended(failing, 600) == "Failed"
        page = str(client.artifacts(failing)["failure"].data)
    assert "gone.csv" in page
    assert "prefect deployment run 'annotate/pool-form'" in page
    form_store, *others = (arrays(open_store(tmp_path / f"{start}.zarr")) for start in STARTS)
    for other in others:
        assert_same(form_store, other)
    with (
        pytest.raises(AssertionError, match=rf"annotate/pool-form belongs to the work pool {POOL} of this server"),
        serve_process(tmp_path, prefect, *entries),
    ):
        pass


def test_a_wrong_work_pool_is_one_sentence(tmp_path: Path) -> None:
    entry = annotate_deployment("x", tmp_path / "c.csv", tmp_path / "m.zarr", work_pool={"nam": POOL})
    (tmp_path / "prefect.yaml").write_text(yaml.safe_dump({"deployments": [entry]}))
    with pytest.raises(ServeError, match=r"there is no work_pool\.nam"):
        read_config(tmp_path / "prefect.yaml")
