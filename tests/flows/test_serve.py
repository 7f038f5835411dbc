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
from finercam_flows.serving.server import standing
from finercam_flows.serving.service import register
from prefect.exceptions import PrefectHTTPStatusError
from prefect.runner import Runner
from serving import annotating, asking, serving, wait_for

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
    nightly = annotating("nightly", catalog, store, schedules=[{"interval": 8}], concurrency_limit=1, parameters=SLOWLY)
    with serving(tmp_path, prefect, nightly, FINERCAM_TEST_SLEEP="0.5") as one, asking(prefect) as ask:
        wait_for(lambda: done(store) > 0, why=one.said)
        one.run_process().send_signal(signal.SIGKILL)
        killed = ask.runs("annotate/nightly")[0]
        assert ask.ended(killed.id) == "Crashed"
        before = done(store)
        assert 0 < before < 12
        wait_for(lambda: done(store) == 12, why=one.said)
        make_collection(images, {**COUNTS, "Eus fus": 3})
        wait_for(lambda: done(store) == 15, why=one.said)
        everything = one.descendants()
        assert one.end() == 0
        assert one.said().splitlines()[-1] == "Ended by SIGTERM; the next `finercam serve` goes on from here."
        wait_for(lambda: gone(everything))
        runs = ask.runs("annotate/nightly")
        left = [ask.artifacts(run.id) for run in runs]
    # Runs that found nothing new leave no progress; how many there were depends on the moment.
    counts = [int(str(one["progress"].description).split()[0]) for one in left if "progress" in one]
    assert counts == [12, 12 - before, 3]
    assert all(run.auto_scheduled for run in runs)
    assert "SIGKILL" in str(left[0]["failure"].data)
    whole = next(one for one in left[1:] if "progress" in one)
    assert whole.keys() == {"progress", "species", "contact-sheet"}
    assert whole["progress"].data == 100


def test_the_form_explains_each_field_and_bad_values_are_refused(
    prefect: str, make_collection: Make, tiny_classifier: str, tmp_path: Path
) -> None:
    catalog = make_collection(tmp_path / "images", {"Aus bus": 2})
    file = tmp_path / "prefect.yaml"
    file.write_text(yaml.safe_dump({"deployments": [annotating("form", catalog, tmp_path / "maps.zarr")]}))
    asyncio.run(register(Runner(), read_config(file)[0]))
    with asking(prefect) as ask:
        schema = ask.deployment("annotate/form").parameter_openapi_schema
        assert all(field.get("description") for field in schema["properties"].values())
        assert "gradcam" in schema["properties"]["method"]["enum"]
        assert set(schema["required"]) == {"catalog", "classifier", "store"}
        for bad in ({"batch_size": 0}, {"device": "gpu"}, {"method": "eigencam"}, {"runner": "slurm"}, {"catalog": ""}):
            with pytest.raises(PrefectHTTPStatusError, match="409"):
                ask.start("annotate/form", **bad)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_serve_that_was_killed_leaves_nothing_running_and_blocks_nothing(
    make_collection: Make, tiny_classifier: str, tmp_path: Path
) -> None:
    """With a server of its own; a run that held the only place of its deployment gives it back."""
    catalog, store = make_collection(tmp_path / "images", COUNTS), tmp_path / "maps.zarr"
    url = f"http://127.0.0.1:{free_port()}/api"
    slowly = annotating("slow", catalog, store, concurrency_limit=1, parameters={**SLOWLY, "workers": 2})
    with serving(tmp_path, url, slowly, FINERCAM_TEST_SLEEP="2") as one, asking(url) as ask:
        first = ask.start("annotate/slow")
        wait_for(lambda: done(store) > 0, why=one.said)
        everything = one.descendants()
        assert len(everything) >= 4  # the server, the run, its two workers
        one.end(signal.SIGKILL)
        wait_for(lambda: gone(everything))
    assert 0 < done(store) < 12
    with serving(tmp_path, url, slowly) as one, asking(url) as ask:
        assert "was left behind by a `finercam serve` that was killed: marked as crashed" in one.said()
        assert ask.state(first) == "Crashed"
        assert "was killed while this run went on" in str(ask.artifacts(first)["failure"].data)
        assert ask.ended(ask.start("annotate/slow")) == "Completed"
        assert done(store) == 12
        everything = one.descendants()
        assert one.end(signal.SIGINT) == 0
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
    nightly = annotating("cron", catalog, store, schedules=[every_minute], concurrency_limit=1)
    with serving(tmp_path, url, nightly) as one, asking(url) as ask:
        wait_for(lambda: ask.completed("annotate/cron"), why=one.said)
        assert done(store) == 12
        make_collection(images, {**COUNTS, "Eus fus": 3})
        wait_for(lambda: done(store) == 15 and len(ask.completed("annotate/cron")) > 1, why=one.said)
        runs = ask.completed("annotate/cron")
        left = [ask.artifacts(run.id) for run in runs]
    assert all(run.expected_start_time.second == 0 for run in runs)
    counts = [int(str(one["progress"].description).split()[0]) for one in left if "progress" in one]
    assert counts == [12, 3]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_that_falls_silent_is_ended_by_the_server_itself(
    prefect: str, make_collection: Make, tiny_classifier: str, tmp_path: Path
) -> None:
    """As when the machine is unplugged that serves: the server is another one and stays."""
    catalog, store = make_collection(tmp_path / "images", COUNTS), tmp_path / "maps.zarr"
    deployment = annotating("silent", catalog, store, parameters=SLOWLY)
    with serving(tmp_path, prefect, deployment, FINERCAM_TEST_SLEEP="1") as one, asking(prefect) as ask:
        run = ask.start("annotate/silent")
        wait_for(lambda: done(store) > 0, why=one.said)
        one.end(signal.SIGKILL)
        assert ask.state(run) == "Running"
        assert ask.ended(run, 300) == "Crashed"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_server_that_is_lost_ends_serve_in_a_sentence(
    make_collection: Make, tiny_classifier: str, tmp_path: Path
) -> None:
    catalog, store = make_collection(tmp_path / "images", COUNTS), tmp_path / "maps.zarr"
    deployment = annotating("slow", catalog, store, parameters=SLOWLY)
    with (
        standing(f"http://127.0.0.1:{free_port()}/api", tmp_path / "server") as server,
        serving(tmp_path, server.url, deployment, FINERCAM_TEST_SLEEP="1") as one,
        asking(server.url) as ask,
    ):
        assert "(found)" in one.said()
        ask.start("annotate/slow")
        wait_for(lambda: done(store) > 0, why=one.said)
        everything = one.descendants()
        for process in psutil.Process().children(recursive=True):
            if str(urlsplit(server.url).port) in process.cmdline():
                process.kill()
        assert one.process.wait(120) == 1
        assert f"finercam: the Prefect server at {server.url} does not answer any more" in one.said()
        wait_for(lambda: gone(everything))
    assert 0 < done(store) < 12
