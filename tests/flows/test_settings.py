"""Every setting is described once, read by one reader, and shown by `finercam doctor`; log lines can be JSON."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from finercam_flows.cli import main
from finercam_flows.process import logs
from finercam_flows.process.machine import examine
from finercam_flows.process.shard import ShardJob
from finercam_flows.screen.doctor_table import USES
from finercam_flows.serving.metrics import GAUGES
from planned_store import plan_at, result

from finercam_core.errors import SettingError
from finercam_core.extras import EXTRAS
from finercam_core.permissions import AllowedFactories, private_allowed
from finercam_core.settings import Settings, settings, shown, unknown_variables, variable
from finercam_core.status import Status
from finercam_core.store import pending_chunks, write_chunk

ROOT = Path(__file__).parents[2]


def test_every_setting_is_shown_and_secrets_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINERCAM_NOTIFY", "mailtos://me:secret@museum.org")
    monkeypatch.setenv("FINERCAM_LOG", "json")
    table = {each.variable: each for each in shown()}
    assert list(table) == [variable(name) for name in Settings.model_fields]
    assert (table["FINERCAM_NOTIFY"].value, table["FINERCAM_LOG"].value) == ("(set)", "json")
    assert all(each.description.endswith(".") for each in table.values())
    assert "secret" not in repr(settings())
    assert settings().notify.get_secret_value().endswith("museum.org")


def test_the_page_of_operators_names_every_setting_and_metric() -> None:
    page = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    assert all(f"`{variable(name)}`" in page for name in Settings.model_fields)
    assert all(f"`{name}" in page for name in GAUGES)


def test_a_wrong_setting_ends_every_command_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FINERCAM_METRICS_PORT", "many")
    with pytest.raises(SettingError, match="FINERCAM_METRICS_PORT is 'many'"):
        settings()
    with pytest.raises(SystemExit, match="1"):
        main(["info", "nowhere.zarr"])
    assert "FINERCAM_METRICS_PORT is 'many'" in capsys.readouterr().err
    monkeypatch.setenv("FINERCAM_METRICS_PORT", "")  # as if it were not there
    monkeypatch.setenv("FINERCAM_ALLOW_PRIVATE", "yes")
    assert private_allowed()


def test_doctor_lists_them_and_names_the_one_with_a_slip(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("FINERCAM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FINERCAM_NOTFY", "x")
    assert list(unknown_variables()) == ["FINERCAM_NOTFY is no setting: did you mean FINERCAM_NOTIFY?"]
    found = examine()
    assert [each.variable for each in found.settings] == [variable(name) for name in Settings.model_fields]
    assert "FINERCAM_NOTFY is no setting: did you mean FINERCAM_NOTIFY?" in found.problems


def test_doctor_says_what_each_extra_is_for() -> None:
    assert USES.keys() == EXTRAS.keys()


def test_no_module_reads_a_setting_past_the_reader() -> None:
    names = [variable(name) for name in Settings.model_fields]
    written = [
        f"{path.name}: {name}"
        for folder in ("finercam_core", "flows", "viewer")
        for path in (ROOT / folder).rglob("*.py")
        for name in names
        if f'environ.get("{name}"' in (text := path.read_text(encoding="utf-8")) or f'environ["{name}"]' in text
    ]
    assert written == ["__init__.py: FINERCAM_LOG"]  # so that nothing is imported for a setting that is not set


def test_lines_are_json_with_shard_and_specimen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = str(tmp_path / "maps.zarr")
    plan_at(store, tmp_path / "images", {"Aus bus": 3})
    (chunk,) = pending_chunks(store)
    values = result(chunk)
    values.status[1] = Status.TRUNCATED
    job = ShardJob(store, [chunk], "x", AllowedFactories(), "cpu", 1)
    monkeypatch.setenv("FINERCAM_LOG", "json")
    root, handlers = logging.getLogger(), list(logging.getLogger().handlers)
    try:
        logs.start()
        with logs.shard(job.name):
            write_chunk(store, chunk, values)
        logging.getLogger("finercam_flows").warning("s3://key:secret@host/bucket is slow")
    finally:
        root.handlers[:] = handlers
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert first["message"].startswith("no map: ")
    assert (first["specimen"], first["species"], first["status"]) == ("Aus_bus-001", "Aus bus", "TRUNCATED")
    assert first["shard"] == "Ausidae/Aus/Aus_bus/0, 1 chunk"
    assert (first["level"], first["logger"]) == ("INFO", "finercam_core.store.chunks")
    assert "shard" not in second
    assert "secret" not in second["message"]


def test_a_process_that_runs_a_flow_writes_json_with_the_id_of_its_run() -> None:
    """Prefect's own lines too, although Prefect has set up its log before."""
    code = (
        "from prefect import flow\nimport finercam_flows, logging\n"
        "from prefect.logging.loggers import flow_run_logger\n"
        "from prefect.client.schemas.objects import FlowRun\nfrom uuid import UUID\n"
        "run = FlowRun(id=UUID(int=7), name='x', flow_id=UUID(int=8))\n"
        "flow_run_logger(run).warning('hello')\n"
    )
    own = {"FINERCAM_LOG": "json", "PREFECT_LOGGING_TO_API_ENABLED": "false", "PREFECT_LOGGING_LEVEL": "INFO"}
    environment = {**os.environ, **own}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    line = json.loads(done.stderr.splitlines()[-1])
    assert (line["message"], line["run"], line["logger"]) == (
        "hello", "00000000-0000-0000-0000-000000000007", "prefect.flow_runs",
    )  # fmt: skip
