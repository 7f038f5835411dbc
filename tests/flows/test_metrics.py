"""What Prometheus is told about stores is what they hold, and the dashboard asks for nothing else."""

import json
import re
from pathlib import Path

import httpx
import pytest
from finercam_flows.direct.run_record import RunRecord, note_success
from finercam_flows.serving.metrics import GAUGES, StoreCollector, serve_metrics, watched
from planned_store import fill, plan_at, result
from prometheus_client.parser import text_string_to_metric_families

from finercam_core.errors import ServeError
from finercam_core.explain.engine.shard import ShardReport
from finercam_core.status import Status
from finercam_core.store import pending_chunks, write_chunk

from .conftest import free_port

DASHBOARD = Path(__file__).parents[2] / "deploy" / "grafana" / "finercam.json"


@pytest.fixture
def store(tmp_path: Path) -> str:
    """Five specimens: three done, one truncated, one pending."""
    place = str(tmp_path / "maps.zarr")
    plan_at(place, tmp_path / "images", {"Aus bus": 4})
    (chunk,) = pending_chunks(place)
    values = result(chunk)
    values.status[1] = Status.TRUNCATED
    write_chunk(place, chunk, values)
    plan_at(place, tmp_path / "images", {"Aus bus": 5})
    record = RunRecord(place, 5, workers=2)
    record.add(ShardReport(3, 1, busy=1e9))
    return place


def told(url: str) -> dict[tuple[str, ...], float]:
    """By name and labels, without the store's: the numbers of a page of metrics."""
    families = text_string_to_metric_families(httpx.get(url, trust_env=False).text)
    return {
        (sample.name, *(value for key, value in sorted(sample.labels.items()) if key != "store")): sample.value
        for family in families
        for sample in family.samples
    }


def test_prometheus_is_told_what_the_store_holds(store: str) -> None:
    port = free_port()
    end = serve_metrics([store], port, "127.0.0.1")
    try:
        numbers = told(f"http://127.0.0.1:{port}/metrics")
        with pytest.raises(ServeError, match=f"127.0.0.1:{port}.*set FINERCAM_METRICS_PORT to another port"):
            serve_metrics([store], port, "127.0.0.1")
    finally:
        end()
    assert {key[1]: n for key, n in numbers.items() if key[0] == "finercam_specimens"} == {
        "done": 3, "failed": 1, "pending": 1,
    }  # fmt: skip
    assert numbers["finercam_failures", "truncated"] == 1
    assert numbers["finercam_run_queue",] == 1
    assert numbers["finercam_run_finished",] == 0
    assert numbers["finercam_run_device_busy_ratio",] == 1
    assert ("finercam_last_success_timestamp_seconds",) not in numbers  # none succeeded: no number, not 0


def test_figures_are_read_anew_only_after_a_while(store: str) -> None:
    now = [0.0]
    collector = StoreCollector([store], lambda: now[0])

    def done() -> float:
        (family,) = (each for each in collector.collect() if each.name == "finercam_specimens")
        return {sample.labels["state"]: sample.value for sample in family.samples}["done"]

    assert done() == 3
    fill(store)
    assert done() == 3
    now[0] = 60.0
    assert done() == 4


def test_a_store_that_cannot_be_read_is_told_as_such(tmp_path: Path) -> None:
    numbers = {
        family.name: [sample.value for sample in family.samples]
        for family in StoreCollector([str(tmp_path / "gone.zarr")]).collect()
    }
    assert numbers.pop("finercam_store_up") == [0.0]
    assert not any(numbers.values())


def test_a_run_that_finds_nothing_to_do_succeeds_too(store: str) -> None:
    note_success(store)
    (family,) = (e for e in StoreCollector([store]).collect() if e.name == "finercam_last_success_timestamp_seconds")
    assert family.samples[0].value > 1.7e9
    RunRecord(store, 1)  # the next one keeps it
    (again,) = (e for e in StoreCollector([store]).collect() if e.name == "finercam_last_success_timestamp_seconds")
    assert again.samples[0].value == family.samples[0].value


def test_serve_serves_them_where_the_setting_says_so(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    with watched([store], said.append):
        assert said == []
    port = free_port()
    monkeypatch.setenv("FINERCAM_METRICS_PORT", str(port))
    with watched([store], said.append):
        assert said == [f"Metrics for Prometheus: http://127.0.0.1:{port}/metrics"]
        assert ("finercam_store_up",) in told(f"http://127.0.0.1:{port}/metrics")


def test_the_dashboard_asks_for_metrics_that_exist_and_for_all_of_them() -> None:
    board = json.loads(DASHBOARD.read_text())
    queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    queries += [variable["query"]["query"] for variable in board["templating"]["list"] if variable["type"] == "query"]
    asked = {name for query in queries for name in re.findall(r"finercam_\w+", query)}
    assert asked == {f"finercam_{name}" for name in GAUGES}
    labels = {label for query in queries for label in re.findall(r"by \(([^)]*)\)", query)}
    assert labels == {"store, cause", "store, state"}
