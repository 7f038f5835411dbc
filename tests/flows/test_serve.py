"""`finercam serve` on a real server: schedules fire, a killed run blocks nobody, nothing outlives its parent."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import yaml
from finercam_flows.serving.config import read_config
from finercam_flows.serving.server import running_server
from finercam_flows.serving.service import register
from prefect.exceptions import PrefectHTTPStatusError
from prefect.runner import Runner
from serve_process import annotate_deployment, serve_process, server_client, wait_for

from finercam_core.store import open_store, summarise

from .conftest import free_port

Make = Callable[[Path, dict[str, int]], Path]
COUNTS = {"Aus bus": 4, "Aus cus": 4, "Aus dus": 4}
SLOWLY = {"batch_size": 1, "shard_size": 4}  # with a pause at each batch: a shard and its chunk take seconds


def done(store: Path) -> int:
    return int(summarise(open_store(store)).totals["done"]) if (store / "specimens.parquet").exists() else 0


def gone(processes: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(processes, timeout=0.1)[1]


@pytest.mark.slow
@pytest.mark.timeout(600)  # waits are bounds for a machine that is busy otherwise
def test_a_schedule_fires_again_and_again_and_does_only_what_is_new_also_after_a_kill(
    prefect: str, make_collection: Make, tiny_classifier: str, tmp_path: Path
) -> None:
    images, store = tmp_path / "images", tmp_path / "maps.zarr"
    catalog = make_collection(images, COUNTS)
    often = {"schedules": [{"interval": 8}], "concurrency_limit": 1}
    nightly = annotate_deployment("nightly", catalog, store, parameters=SLOWLY, **often)
    slow = serve_process(tmp_path, prefect, nightly, FINERCAM_TEST_SLEEP="0.5")
    with slow as serve, server_client(prefect) as client:
        wait_for(lambda: done(store) > 0, why=serve.output)
        serve.run_process().send_signal(signal.SIGKILL)
        killed = client.runs("annotate/nightly")[0]
        assert client.ended(killed.id) == "Crashed"
        before = done(store)
        assert 0 < before < 12
        wait_for(lambda: done(store) == 12, why=serve.output)
        make_collection(images, {**COUNTS, "Eus fus": 3})
        wait_for(lambda: done(store) == 15, why=serve.output)
        everything = serve.descendants()
        assert serve.end() == 0
        assert serve.output().splitlines()[-1] == "Ended by SIGTERM; the next `finercam serve` goes on from here."
        wait_for(lambda: gone(everything))
        runs = client.runs("annotate/nightly")
        left = [client.artifacts(run.id) for run in runs]
    # Runs that found nothing new leave no progress; how many there were depends on the moment.
    counts = [int(str(each["progress"].description).split()[0]) for each in left if "progress" in each]
    assert counts == [12, 12 - before, 3]
    assert all(run.auto_scheduled for run in runs)
    assert "SIGKILL" in str(left[0]["failure"].data)
    whole = next(each for each in left[1:] if "progress" in each)
    assert whole.keys() == {"progress", "species", "contact-sheet"}
    assert whole["progress"].data == 100


def test_the_form_explains_each_field_and_bad_values_are_refused(
    prefect: str, make_collection: Make, tiny_classifier: str, tmp_path: Path
) -> None:
    catalog = make_collection(tmp_path / "images", {"Aus bus": 2})
    file = tmp_path / "prefect.yaml"
    file.write_text(yaml.safe_dump({"deployments": [annotate_deployment("form", catalog, tmp_path / "maps.zarr")]}))
    asyncio.run(register(Runner(), read_config(file)[0]))
    with server_client(prefect) as client:
        schema = client.deployment("annotate/form").parameter_openapi_schema
        assert all(field.get("description") for field in schema["properties"].values())
        assert "gradcam" in schema["properties"]["method"]["enum"]
        assert set(schema["required"]) == {"catalog", "classifier", "store"}
        for bad in ({"batch_size": 0}, {"device": "gpu"}, {"method": "eigencam"}, {"runner": "slurm"}, {"catalog": ""}):
            with pytest.raises(PrefectHTTPStatusError, match="409"):
                client.start("annotate/form", **bad)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_serve_that_was_killed_leaves_nothing_running_and_blocks_nothing(
    make_collection: Make, tiny_classifier: str, tmp_path: Path
) -> None:
    """With a server of its own; a run that held the only place of its deployment gives it back."""
    catalog, store = make_collection(tmp_path / "images", COUNTS), tmp_path / "maps.zarr"
    url = f"http://127.0.0.1:{free_port()}/api"
    slowly = annotate_deployment("slow", catalog, store, concurrency_limit=1, parameters={**SLOWLY, "workers": 2})
    with (
        serve_process(tmp_path, url, slowly, FINERCAM_TEST_SLEEP="2") as serve,
        server_client(url, serve.folder) as client,
    ):
        first = client.start("annotate/slow")
        wait_for(lambda: done(store) > 0, why=serve.output)
        everything = serve.descendants()
        assert len(everything) >= 4  # the server, the run, its two workers
        serve.end(signal.SIGKILL)
        wait_for(lambda: gone(everything))
    assert 0 < done(store) < 12
    with serve_process(tmp_path, url, slowly) as serve, server_client(url, serve.folder) as client:
        assert "was left behind by a `finercam serve` that was killed: marked as crashed" in serve.output()
        assert client.state(first) == "Crashed"
        assert "was killed during this run" in str(client.artifacts(first)["failure"].data)
        assert client.ended(client.start("annotate/slow")) == "Completed"
        assert done(store) == 12
        everything = serve.descendants()
        assert serve.end(signal.SIGINT) == 0
        wait_for(lambda: gone(everything))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_cron_fires_twice_and_the_second_run_does_only_what_is_new(
    make_collection: Make, tiny_classifier: str, tmp_path: Path
) -> None:
    """Cron knows no seconds: this takes two minutes. SQLAlchemy 2.1 makes exactly this fail without a word."""
    images, store = tmp_path / "images", tmp_path / "maps.zarr"
    url = f"http://127.0.0.1:{free_port()}/api"
    every_minute = {"cron": "* * * * *", "timezone": "Europe/Berlin"}
    catalog = make_collection(images, COUNTS)
    nightly = annotate_deployment("cron", catalog, store, schedules=[every_minute], concurrency_limit=1)
    with serve_process(tmp_path, url, nightly) as serve, server_client(url, serve.folder) as client:
        wait_for(lambda: client.completed("annotate/cron"), why=serve.output)
        assert done(store) == 12
        make_collection(images, {**COUNTS, "Eus fus": 3})
        wait_for(lambda: done(store) == 15 and len(client.completed("annotate/cron")) > 1, why=serve.output)
        runs = client.completed("annotate/cron")
        left = [client.artifacts(run.id) for run in runs]
    assert all(run.expected_start_time.second == 0 for run in runs)
    counts = [int(str(each["progress"].description).split()[0]) for each in left if "progress" in each]
    assert counts == [12, 3]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_that_falls_silent_is_ended_by_the_server_itself(
    prefect: str, make_collection: Make, tiny_classifier: str, tmp_path: Path
) -> None:
    """As when the machine is unplugged that serves: the server is another one and stays."""
    catalog, store = make_collection(tmp_path / "images", COUNTS), tmp_path / "maps.zarr"
    deployment = annotate_deployment("silent", catalog, store, parameters=SLOWLY)
    slow = serve_process(tmp_path, prefect, deployment, FINERCAM_TEST_SLEEP="1")
    with slow as serve, server_client(prefect) as client:
        run = client.start("annotate/silent")
        wait_for(lambda: done(store) > 0, why=serve.output)
        serve.end(signal.SIGKILL)
        assert client.state(run) == "Running"
        assert client.ended(run, 300) == "Crashed"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_server_that_is_lost_ends_serve_in_a_sentence(
    make_collection: Make, tiny_classifier: str, tmp_path: Path
) -> None:
    catalog, store = make_collection(tmp_path / "images", COUNTS), tmp_path / "maps.zarr"
    deployment = annotate_deployment("slow", catalog, store, parameters=SLOWLY)
    with (
        running_server(f"http://127.0.0.1:{free_port()}/api", tmp_path / "server") as server,
        serve_process(tmp_path, server.url, deployment, FINERCAM_TEST_SLEEP="1") as serve,
        server_client(server.url) as client,
    ):
        assert "(found)" in serve.output()
        client.start("annotate/slow")
        wait_for(lambda: done(store) > 0, why=serve.output)
        everything = serve.descendants()
        for process in psutil.Process().children(recursive=True):
            if str(urlsplit(server.url).port) in process.cmdline():
                process.kill()
        assert serve.process.wait(120) == 1
        assert f"finercam: the Prefect server at {server.url} no longer answers" in serve.output()
        wait_for(lambda: gone(everything))
    assert 0 < done(store) < 12
