"""What `prefect.yaml` may contain, and the one sentence for everything that it may not."""

import asyncio
import re
import socket
from pathlib import Path

import pytest
from finercam_flows.cli import main
from finercam_flows.serving import server
from finercam_flows.serving.config import missing_inputs, read_config
from finercam_flows.serving.entrypoint import FLOWS, flow_at
from finercam_flows.serving.schedule import describe, next_start
from finercam_flows.serving.server import running_server
from prefect.deployments.runner import RunnerDeployment

from finercam_core.errors import ServeError

GOOD = """
deployments:
- name: nightly
  entrypoint: finercam_flows.annotate.annotate
  parameters: {catalog: c.csv, classifier: x, store: s.zarr}
  schedules: [{cron: "0 2 * * *", timezone: Europe/Berlin}]
  concurrency_limit: 1
"""
FLOW = "finercam_flows.annotate.annotate"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def write(text: str) -> Path:
        (tmp_path / "prefect.yaml").write_text(text)
        return Path("prefect.yaml")

    return write


def test_a_deployment_is_what_the_file_says(write) -> None:
    (deployment,) = read_config(write(GOOD))
    assert (deployment.title, deployment.parameters["store"]) == ("annotate/nightly", "s.zarr")
    assert deployment.concurrency_limit == 1
    assert describe(deployment.schedules[0]) == "0 2 * * *  (Europe/Berlin)"
    start = asyncio.run(next_start(deployment.schedules))
    assert start is not None
    assert (start.hour, start.minute, str(start.tzinfo)) == (2, 0, "Europe/Berlin")
    assert missing_inputs([deployment]) == ["there is no catalog c.csv yet; runs that read it fail until there is"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (FLOW, "finercam_flows.anotate.annotate", "there is no flow finercam_flows.anotate.annotate"),
        (FLOW, "finercam_flows.annotate.annotat", "there is no flow finercam_flows.annotate.annotat"),
        (FLOW, "finercam_flows.process.runners.spread", "is not a flow"),
        (FLOW, "annotate", "'annotate' is not an entrypoint"),
        (FLOW, "mine.py:flow", "there is no flow mine.py:flow"),
        ("0 2 * * *", "0 25 * * *", "invalid cron expression '0 25 * * *': it has five fields"),
        ("0 2 * * *", "nightly", "invalid cron expression 'nightly'"),
        ("Berlin", "Berln", "there is no time zone 'Europe/Berln'"),
        ('cron: "0 2 * * *"', "rrule: FREQ=DALY", "invalid recurrence rule 'FREQ=DALY'"),
        ('cron: "0 2 * * *"', "interval: -5", "is not positive"),
        ("cron:", "interval: 5, cron:", "a schedule has cron and interval"),
        ('cron: "0 2 * * *", ', "", "a schedule has neither cron nor interval nor rrule"),
        ("schedules", "shedules", "has an unknown field 'shedules': did you mean schedules?"),
        ("store: s", "stor: s", "there is no parameter stor: annotate takes catalog, classifier, store"),
        (", store: s.zarr", "", "parameter store is missing"),
        ("store: s", "batch_size: 0, store: s", "parameter batch_size is 0, but input should be greater than or equal"),
        ("store: s", "device: gpu, store: s", "parameter device is 'gpu'"),
        ("store: s", "method: eigencam, store: s", "parameter method is 'eigencam', but the choices are gradcam"),
        ("timezone: Europe/Berlin", "parameters: {workers: -1}", "parameter workers is -1"),
        ("nightly", "a/b", "name is 'a/b'"),
        ("limit: 1", "limit: many", "concurrency_limit is 'many'"),
        ("limit: 1", "limit: 0", "concurrency_limit is 0"),
        ("deployments", "deployment", "prefect.yaml has no deployments"),
        ("- name", "-  {name", "prefect.yaml, line 4 is not YAML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence(write, old: str, new: str, message: str, capsys) -> None:
    assert old in GOOD
    path = write(GOOD.replace(old, new))
    with pytest.raises(ServeError) as caught:
        read_config(path)
    assert message in str(caught.value)
    with pytest.raises(SystemExit, match="1"):
        main(["serve", "--config", str(path)])
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("module", "message"),
    [
        ("napari.layers", "nightly_flow.flow needs napari.layers"),
        ("other", "there is no flow nightly_flow.flow: other"),
    ],
)
def test_a_flow_that_wants_an_extra_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, message: str
) -> None:
    (tmp_path / "nightly_flow.py").write_text(f"raise ModuleNotFoundError({module!r}, name={module!r})")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ServeError, match=re.escape(message)) as caught:
        flow_at("nightly_flow.flow", "nightly")
    assert ("finercam[viewer]" in str(caught.value)) == (module != "other")


@pytest.mark.parametrize("text", ["", "[]", "deployments: []", "deployments: [3]", "deployments: 3", "\x00"])
def test_a_file_without_deployments_is_refused(write, text: str) -> None:
    with pytest.raises(ServeError, match=r"prefect\.yaml"):
        read_config(write(text))


def test_what_happens_to_further_runs_is_what_the_file_says(write) -> None:
    limit = "{limit: 2, collision_strategy: CANCEL_NEW}"
    (deployment,) = read_config(write(GOOD.replace("concurrency_limit: 1", f"concurrency_limit: {limit}")))
    registered = RunnerDeployment.from_flow(
        deployment.flow, deployment.name, concurrency_limit=deployment.concurrency_limit
    )
    assert registered.concurrency_limit == 2
    assert registered.concurrency_options.collision_strategy == "CANCEL_NEW"


def test_two_deployments_with_one_name_are_refused_unless_their_flows_differ(write) -> None:
    entry = GOOD.removeprefix("\ndeployments:\n")
    with pytest.raises(ServeError, match="two deployments called annotate/nightly"):
        read_config(write(GOOD + entry))
    other = (
        entry.replace("annotate.annotate", "report.report")
        .replace("classifier: x", "out: o")
        .replace("catalog: c.csv, ", "")
    )
    assert [deployment.title for deployment in read_config(write(GOOD + other))] == [
        "annotate/nightly",
        "report/nightly",
    ]


def test_parameters_that_are_filled_in_by_hand_may_be_missing(write) -> None:
    on_demand = "\n".join(line for line in GOOD.splitlines() if "schedules" not in line).replace("catalog: c.csv, ", "")
    assert "catalog" not in read_config(write(on_demand))[0].parameters


def test_the_example_is_written_once_and_is_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="1"):
        main(["serve"])
    assert "finercam serve --init" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="0"):
        main(["serve", "--init"])
    with pytest.raises(SystemExit, match="1"):
        main(["serve", "--init"])
    assert "is there already" in capsys.readouterr().err
    titles = ["annotate/nightly", "evaluate/weekly", "report/weekly", "export/on-demand"]
    assert [deployment.title for deployment in read_config(tmp_path / "prefect.yaml")] == titles
    with pytest.raises(SystemExit, match="0"):
        main(["serve", "--check"])
    output = capsys.readouterr().out
    assert all(title in output for title in titles)
    assert "there is no catalog catalog.toml yet" in output


def test_versions_that_silently_break_prefect_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    server.check_versions()
    real = server.version
    monkeypatch.setattr(server, "version", lambda name: "2.1.0b1" if name == "sqlalchemy" else real(name))
    with pytest.raises(
        ServeError, match=r"sqlalchemy 2\.1\.0b1 is installed, but with it no schedule of Prefect 3\.8 fires"
    ):
        server.check_versions()


@pytest.mark.parametrize("name", FLOWS)
def test_every_field_of_every_form_is_explained(name: str) -> None:
    properties = flow_at(f"finercam_flows.{name}.{name}", "").parameters.properties
    assert [field for field, schema in properties.items() if not schema.get("description")] == []


def test_the_example_in_the_docs_is_valid(write) -> None:
    page = (Path(__file__).parents[2] / "docs" / "flows.md").read_text(encoding="utf-8")
    deployments = read_config(write(page.split("```yaml\n")[1].split("```")[0]))
    assert [deployment.title for deployment in deployments] == [
        "fetch/birds-images", "annotate/birds", "annotate/fishes", "annotate/herbarium", "evaluate/birds",
        "report/birds", "export/masks",
    ]  # fmt: skip
    assert deployments[1].schedules[0].timezone == "Europe/Berlin"
    assert deployments[1].concurrency_limit == 1


def test_an_address_without_a_prefect_server_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ServeError, match=r"no Prefect server answers at https://prefect\.museum\.invalid/api"):
        running_server("https://prefect.museum.invalid/api", tmp_path).__enter__()
    with socket.create_server(("127.0.0.1", 0)) as other:
        url = f"http://127.0.0.1:{other.getsockname()[1]}/api"
        with pytest.raises(ServeError, match=r"what answers at .* is not a Prefect server"):
            running_server(url, tmp_path).__enter__()
