"""What is cleared away when serving starts, and who is told of a failure; on a real server."""

import asyncio
import http.server
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from finercam_flows.hooks import notify, say_why
from finercam_flows.serving import heartbeat, leftovers
from finercam_flows.serving.config import read_config
from finercam_flows.serving.leftovers import pause_retired
from finercam_flows.serving.service import register
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.runner import Runner
from prefect.states import Running
from serving import annotating, asking, wait_for

from finercam_core.errors import ServeError

from .conftest import free_port

Make = Callable[[Path, dict[str, int]], Path]


def registered(folder: Path, *deployments: dict[str, object]) -> dict[str, object]:
    """Deployments on the server that nobody serves: their titles and ids."""
    (folder / "prefect.yaml").write_text(yaml.safe_dump({"deployments": list(deployments)}))

    async def put() -> dict[str, object]:
        runner = Runner()
        return {one.title: await register(runner, one) for one in read_config(folder / "prefect.yaml")}

    return asyncio.run(put())


def test_of_the_missed_runs_one_is_kept_and_lost_ones_are_ended(
    prefect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "MISSED_AFTER", timedelta(0))
    every_second = annotating("missed", tmp_path / "c.csv", tmp_path / "s.zarr", schedules=[{"interval": 1}])
    ids = registered(tmp_path, every_second)

    async def clear() -> tuple[list[str], list[str]]:
        async with get_client() as client:
            lost = await leftovers.end_lost_runs(client, ids.values())  # type: ignore[arg-type]
            skipped = await leftovers.skip_missed_runs(client, ids.values())  # type: ignore[arg-type]
        return [str(run.id) for run in lost], [str(run.id) for run in skipped]

    with asking(prefect) as ask:
        by_hand = ask.start("annotate/missed")
        ask.client.set_flow_run_state(by_hand, Running(), force=True)
        wait_for(lambda: len(ask.late("annotate/missed")) > 3)
        ask.client.pause_deployment(ask.deployment("annotate/missed").id)
        lost, skipped = asyncio.run(clear())
        assert lost == [str(by_hand)]
        assert ask.state(by_hand) == "Crashed"
        assert len(skipped) >= 3
        assert {ask.state(run) for run in skipped} == {"Cancelled"}  # type: ignore[arg-type]


def test_what_is_not_in_the_file_any_more_is_paused_and_comes_back(prefect: str, tmp_path: Path) -> None:
    kept, gone = (annotating(name, tmp_path / "c", tmp_path / "s", schedules=[{"interval": 3600}]) for name in "kg")

    async def pause(ids: dict[str, object]) -> list[str]:
        async with get_client() as client:
            return await pause_retired(client, ids, tmp_path)  # type: ignore[arg-type]

    assert asyncio.run(pause(registered(tmp_path, kept, gone))) == []
    assert asyncio.run(pause(registered(tmp_path, kept))) == ["annotate/g"]
    with asking(prefect) as ask:
        assert (ask.deployment("annotate/g").paused, ask.deployment("annotate/k").paused) == (True, False)
        assert asyncio.run(pause(registered(tmp_path, kept, gone))) == []
        assert not ask.deployment("annotate/g").paused


def test_the_automation_on_heartbeats_is_there_once(prefect: str) -> None:
    async def watch() -> list[object]:
        async with get_client() as client:
            await heartbeat.watch_heartbeats(client)
            await heartbeat.watch_heartbeats(client)
            return list(await client.read_automations_by_name(heartbeat.NAME))

    (one,) = asyncio.run(watch())
    assert one.enabled  # type: ignore[attr-defined]


@contextmanager
def inbox() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """An address that takes messages, and what came."""
    got: list[dict[str, str]] = []

    class Take(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Take) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"json://127.0.0.1:{server.server_port}", got
        server.shutdown()


@flow(name="fails", on_failure=[say_why])
def fails() -> None:
    raise OSError(28, "No space left on device")


def test_a_failure_is_sent_to_whom_it_concerns(prefect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with inbox() as (address, got):
        monkeypatch.setenv("FINERCAM_NOTIFY", f"{address} {address}/second")
        with pytest.raises(OSError, match="No space left"):
            fails()
    assert len(got) == 2
    assert got[0]["title"].startswith("finercam: Run ")
    assert got[0]["message"] == "OSError: [Errno 28] No space left on device"


def test_an_address_that_is_none_or_does_not_answer_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    for address, reached in (("", True), ("carrier-pigeon", False), (f"json://127.0.0.1:{free_port()}", False)):
        monkeypatch.setenv("FINERCAM_NOTIFY", address)
        assert notify("title", "text") is reached


@pytest.mark.parametrize(("error", "kept"), [(ServeError("one sentence"), False), (ValueError("a fault"), True)])
def test_an_error_that_explains_itself_has_no_traceback_in_the_log_of_a_run(error: Exception, kept: bool) -> None:
    log = logging.getLogger("prefect.flow_runs")
    record = log.makeRecord(log.name, logging.ERROR, "", 0, "what happened", (), (type(error), error, None))
    assert log.filter(record)
    assert (record.exc_info is not None) is kept
