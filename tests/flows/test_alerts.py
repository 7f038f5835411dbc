"""Limits and alerts of `prefect.yaml` on a real server: somebody is told when a run fails, and when none comes."""

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from finercam_flows.notifications import announce
from finercam_flows.process.limits import limit_tags, store_tag
from finercam_flows.serving.config import read_config
from finercam_flows.serving.rules import read_rules, set_up
from finercam_flows.serving.schedule import ScheduleEntry, longest_gap, schedule_of
from finercam_flows.serving.service import register
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.orchestration import get_client
from prefect.runner import Runner
from prefect.states import Failed, Running
from serve_process import annotate_deployment, server_client, wait_for

from finercam_core.errors import ServeError


@pytest.fixture
def told() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Address of somebody who wants to know, and what they were told."""
    received: list[dict[str, str]] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", received
        server.shutdown()


def block(name: str, url: str) -> None:
    message = {"subject": "{{subject}}", "body": "{{body}}"}
    CustomWebhookNotificationBlock(name=name, url=url, json_data=message).save(name, overwrite=True)


def on_the_server(folder: Path, name: str, **more: Any) -> Path:
    """A file with one deployment, which the server has."""
    file = folder / "prefect.yaml"
    entry = annotate_deployment(name, folder / "c.csv", folder / "maps.zarr", schedules=[{"interval": 3600}])
    file.write_text(yaml.safe_dump({"deployments": [entry], **more}))
    asyncio.run(register(Runner(), read_config(file)[0]))
    return file


def given(file: Path) -> list[str]:
    return asyncio.run(set_up(read_rules(file), read_config(file)))


def test_somebody_is_told_when_a_run_fails(prefect: str, told, tmp_path: Path) -> None:
    url, received = told
    block("curators", url)
    file = on_the_server(tmp_path, "failing", alerts={"notify": "custom-webhook/curators"})
    names = ["finercam: a run of annotate/failing failed", "finercam: no run of annotate/failing"]
    assert given(file) == given(file) == [f"custom-webhook/curators is told: {name}" for name in names]
    with get_client(sync_client=True) as client:  # twice given, there once
        assert [len(client.read_automations_by_name(name)) for name in names] == [1, 1]
    with server_client(prefect) as client:
        run = client.start("annotate/failing")
        client.prefect.set_flow_run_state(run, Running())
        client.prefect.set_flow_run_state(run, Failed(message="the catalog c.csv is gone"))
        wait_for(lambda: received, 60)
        announce("annotate", client.prefect.read_flow_run(run), "the catalog c.csv is gone. Correct its path.")
        page = str(client.artifacts(run)["failure"].data)
    assert received[0]["subject"] == names[0]
    assert "the catalog c.csv is gone" in received[0]["body"]
    assert f"/runs/flow-run/{run}" in received[0]["body"]
    assert "Correct its path." in page
    assert "prefect deployment run 'annotate/failing'" in page
    assert f"finercam info '{tmp_path}/maps.zarr' --failures" in page.replace("\\", "")


@pytest.mark.slow
def test_somebody_is_told_when_no_run_comes(prefect: str, told, tmp_path: Path) -> None:
    """Prefect's shortest time is ten seconds: a run every five, and five of grace."""
    url, received = told
    block("night-watch", url)
    alerts = {"notify": "custom-webhook/night-watch", "grace_hours": 5 / 3600}
    file = on_the_server(tmp_path, "silent", alerts=alerts)
    file.write_text(file.read_text().replace("3600", "5"))
    given(file)
    wait_for(lambda: received, 60)
    assert received[0]["subject"].startswith("finercam: no run of annotate/silent for 0.002778 hours")
    assert "prefect deployment run 'annotate/silent'" in received[0]["body"]


def test_a_nightly_run_may_be_silent_for_26_hours_and_one_of_working_days_over_the_weekend() -> None:
    def hours(**written: str) -> float:
        gap = asyncio.run(longest_gap([schedule_of(ScheduleEntry.model_validate(written), "")]))
        assert gap is not None
        return gap / timedelta(hours=1)

    assert hours(cron="0 2 * * *") == pytest.approx(24)
    assert hours(cron="0 2 * * 1-5") == pytest.approx(72)
    assert hours(cron="0 6 * * 0") == pytest.approx(168)


def test_limits_hold_for_gpus_and_for_stores(prefect: str, tmp_path: Path) -> None:
    store = str(tmp_path / "maps.zarr")
    file = on_the_server(tmp_path, "limited", limits={"gpu": 4, store: 2, "s3://museum/fishes.zarr": 1})
    given(file)
    assert store_tag("s3://museum/fishes.run-0123456789ab.zarr") == "store:museum:fishes.zarr"
    with get_client(sync_client=True) as client:
        limits = {each.tag: each.concurrency_limit for each in client.read_concurrency_limits(limit=100, offset=0)}
    assert {"gpu": 4, "store:museum:fishes.zarr": 1}.items() <= limits.items()
    assert [limits[tag] for tag in limit_tags(store, "local", "cpu")] == [2]
    assert [limits[tag] for tag in limit_tags(store, "tls://10.0.0.5:8786", "auto")] == [2, 4]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"limit": {"gpu": 1}}, "unknown field 'limit': did you mean limits?"),
        ({"limits": {"gpu": 0}}, "limits.gpu is 0"),
        ({"alerts": {"notify": "me"}}, "alerts.notify is 'me'"),
        ({"alerts": {"notify": "slack-webhook/x", "grace": 2}}, "there is no alerts.grace"),
    ],
)
def test_a_wrong_rule_is_one_sentence(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    (tmp_path / "prefect.yaml").write_text(yaml.safe_dump({"deployments": [], **changes}))
    with pytest.raises(ServeError) as caught:
        read_rules(tmp_path / "prefect.yaml")
    assert message in str(caught.value)


def test_alerts_without_their_block_or_deployment_are_refused(prefect: str, tmp_path: Path) -> None:
    file = on_the_server(tmp_path, "unheard", alerts={"notify": "slack-webhook/nobody"})
    with pytest.raises(ServeError, match="no notification block slack-webhook/nobody"):
        given(file)
    block("somebody", "http://127.0.0.1:9/")
    text = file.read_text().replace("slack-webhook/nobody", "custom-webhook/somebody").replace("unheard", "unknown")
    file.write_text(text)
    with pytest.raises(ServeError, match="no deployment annotate/unknown: run: prefect deploy --all"):
        given(file)
