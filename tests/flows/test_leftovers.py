"""What is cleared away when serving starts, and who is notified of a failure; on a real server."""

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
from finercam_flows.notifications import notify, say_why
from finercam_flows.serving import leftovers
from finercam_flows.serving.config import read_config
from finercam_flows.serving.service import register
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.runner import Runner
from prefect.states import Running
from serve_process import annotate_deployment, server_client, wait_for

from finercam_core.errors import ServeError

from .conftest import free_port

Make = Callable[[Path, dict[str, int]], Path]


def registered(folder: Path, *deployments: dict[str, object]) -> dict[str, object]:
    """Register deployments on the server that nobody serves; their titles and ids."""
    (folder / "prefect.yaml").write_text(yaml.safe_dump({"deployments": list(deployments)}))

    async def register_all() -> dict[str, object]:
        runner = Runner()
        return {each.title: await register(runner, each) for each in read_config(folder / "prefect.yaml")}

    return asyncio.run(register_all())


def test_one_missed_run_is_kept_and_orphaned_ones_are_ended(
    prefect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "MISSED_AFTER", timedelta(0))
    every_second = annotate_deployment("missed", tmp_path / "c.csv", tmp_path / "s.zarr", schedules=[{"interval": 1}])
    ids = registered(tmp_path, every_second)

    async def clear() -> tuple[list[str], list[str]]:
        async with get_client() as client:
            orphaned = await leftovers.end_orphaned_runs(client, ids.values())  # type: ignore[arg-type]
            skipped = await leftovers.skip_missed_runs(client, ids.values())  # type: ignore[arg-type]
        return [str(run.id) for run in orphaned], [str(run.id) for run in skipped]

    with server_client(prefect) as client:
        by_hand = client.start("annotate/missed")
        client.prefect.set_flow_run_state(by_hand, Running(), force=True)
        wait_for(lambda: len(client.late("annotate/missed")) > 3)
        client.prefect.pause_deployment(client.deployment("annotate/missed").id)
        orphaned, skipped = asyncio.run(clear())
        assert orphaned == [str(by_hand)]
        assert client.state(by_hand) == "Crashed"
        assert len(skipped) >= 3
        assert {client.state(run) for run in skipped} == {"Cancelled"}  # type: ignore[arg-type]


def test_a_deployment_that_left_the_file_is_paused_until_it_is_back(prefect: str, tmp_path: Path) -> None:
    hourly = {"schedules": [{"interval": 3600}]}
    kept, gone = (annotate_deployment(name, tmp_path / "c", tmp_path / "s", **hourly) for name in "kg")

    async def pause(ids: dict[str, object]) -> list[str]:
        async with get_client() as client:
            return await leftovers.pause_retired(client, ids, tmp_path)  # type: ignore[arg-type]

    assert asyncio.run(pause(registered(tmp_path, kept, gone))) == []
    assert asyncio.run(pause(registered(tmp_path, kept))) == ["annotate/g"]
    with server_client(prefect) as client:
        assert (client.deployment("annotate/g").paused, client.deployment("annotate/k").paused) == (True, False)
        assert asyncio.run(pause(registered(tmp_path, kept, gone))) == []
        assert not client.deployment("annotate/g").paused


def test_there_is_one_automation_on_heartbeats(prefect: str) -> None:
    async def watch() -> list[object]:
        async with get_client() as client:
            await leftovers.watch_heartbeats(client)
            await leftovers.watch_heartbeats(client)
            return list(await client.read_automations_by_name(leftovers.AUTOMATION))

    (automation,) = asyncio.run(watch())
    assert automation.enabled  # type: ignore[attr-defined]


@contextmanager
def inbox() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """An address that receives messages, and what it received."""
    received: list[dict[str, str]] = []

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"json://127.0.0.1:{server.server_port}", received
        server.shutdown()


@flow(name="fails", on_failure=[say_why])
def fails() -> None:
    raise OSError(28, "No space left on device")


def test_a_failure_is_sent_to_every_address(prefect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with inbox() as (address, received):
        monkeypatch.setenv("FINERCAM_NOTIFY", f"{address} {address}/second")
        with pytest.raises(OSError, match="No space left"):
            fails()
    assert len(received) == 2
    assert received[0]["title"].startswith("finercam: Run ")
    assert received[0]["message"] == "OSError: [Errno 28] No space left on device"


def test_an_invalid_or_unreachable_address_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    for address, reached in (("", True), ("carrier-pigeon", False), (f"json://127.0.0.1:{free_port()}", False)):
        monkeypatch.setenv("FINERCAM_NOTIFY", address)
        assert notify("title", "text") is reached


@pytest.mark.parametrize(("error", "kept"), [(ServeError("one sentence"), False), (ValueError("a fault"), True)])
def test_an_error_that_explains_itself_has_no_traceback_in_the_log_of_a_run(error: Exception, kept: bool) -> None:
    log = logging.getLogger("prefect.flow_runs")
    record = log.makeRecord(log.name, logging.ERROR, "", 0, "what happened", (), (type(error), error, None))
    assert log.filter(record)
    assert (record.exc_info is not None) is kept
