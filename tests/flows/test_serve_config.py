"""What `prefect.yaml` may say, and the one sentence for everything that it may not."""

import asyncio
import socket
from pathlib import Path

import pytest
from finercam_flows.cli import main
from finercam_flows.serving import server
from finercam_flows.serving.config import FLOWS, flow_at, not_there_yet, read_config
from finercam_flows.serving.schedule import in_words, next_start
from finercam_flows.serving.server import standing

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
    (one,) = read_config(write(GOOD))
    assert (one.title, one.parameters["store"]) == ("annotate/nightly", "s.zarr")
    assert one.options["concurrency_limit"] == 1
    assert in_words(one.schedules[0]) == "0 2 * * *  (Europe/Berlin)"
    start = asyncio.run(next_start(one.schedules))
    assert start is not None
    assert (start.hour, start.minute, str(start.tzinfo)) == (2, 0, "Europe/Berlin")
    assert not_there_yet([one]) == ["there is no catalog c.csv yet; runs that read it fail until there is"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (FLOW, "finercam_flows.anotate.annotate", "there is no flow finercam_flows.anotate.annotate"),
        (FLOW, "finercam_flows.annotate.annotat", "there is no flow finercam_flows.annotate.annotat"),
        (FLOW, "finercam_flows.process.runners.spread", "is no flow"),
        (FLOW, "annotate", "'annotate' is no entrypoint"),
        (FLOW, "mine.py:flow", "there is no flow mine.py:flow"),
        ("0 2 * * *", "0 25 * * *", "'0 25 * * *' is no cron that can be used: it has five fields"),
        ("0 2 * * *", "nightly", "'nightly' is no cron"),
        ("Berlin", "Berln", "there is no time zone 'Europe/Berln'"),
        ('cron: "0 2 * * *"', "rrule: FREQ=DALY", "'FREQ=DALY' is no rrule"),
        ('cron: "0 2 * * *"', "interval: -5", "is not positive"),
        ("cron:", "interval: 5, cron:", "a schedule has cron and interval"),
        ('cron: "0 2 * * *", ', "", "a schedule has neither cron nor interval nor rrule"),
        ("schedules", "shedules", "has a field 'shedules': did you mean schedules?"),
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
def test_what_is_wrong_is_one_sentence(write, old: str, new: str, said: str, capsys) -> None:
    assert old in GOOD
    path = write(GOOD.replace(old, new))
    with pytest.raises(ServeError) as caught:
        read_config(path)
    assert said in str(caught.value)
    with pytest.raises(SystemExit, match="1"):
        main(["serve", "--config", str(path)])
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "[]", "deployments: []", "deployments: [3]", "deployments: 3", "\x00"])
def test_a_file_without_deployments_is_said_to_be_none(write, text: str) -> None:
    with pytest.raises(ServeError, match=r"prefect\.yaml"):
        read_config(write(text))


def test_two_deployments_of_one_name_are_refused_but_of_two_flows_fine(write) -> None:
    entry = GOOD.removeprefix("\ndeployments:\n")
    with pytest.raises(ServeError, match="two deployments called annotate/nightly"):
        read_config(write(GOOD + entry))
    other = (
        entry.replace("annotate.annotate", "report.report")
        .replace("classifier: x", "out: o")
        .replace("catalog: c.csv, ", "")
    )
    assert [one.title for one in read_config(write(GOOD + other))] == ["annotate/nightly", "report/nightly"]


def test_what_somebody_fills_in_by_hand_may_be_missing(write) -> None:
    on_demand = "\n".join(line for line in GOOD.splitlines() if "schedules" not in line).replace("catalog: c.csv, ", "")
    assert "catalog" not in read_config(write(on_demand))[0].parameters


def test_the_example_is_written_once_and_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
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
    assert [one.title for one in read_config(tmp_path / "prefect.yaml")] == titles
    with pytest.raises(SystemExit, match="0"):
        main(["serve", "--check"])
    said = capsys.readouterr().out
    assert all(title in said for title in titles)
    assert "there is no catalog catalog.toml yet" in said


def test_versions_that_break_prefect_without_a_word_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    server.check_versions()
    real = server.version
    monkeypatch.setattr(server, "version", lambda name: "2.1.0b1" if name == "sqlalchemy" else real(name))
    with pytest.raises(ServeError, match=r"sqlalchemy 2\.1\.0b1 is installed, but no schedule of Prefect 3\.8 fires"):
        server.check_versions()


@pytest.mark.parametrize("name", FLOWS)
def test_every_field_of_every_form_is_explained(name: str) -> None:
    properties = flow_at(f"finercam_flows.{name}.{name}", "").parameters.properties
    assert [field for field, schema in properties.items() if not schema.get("description")] == []


def test_the_museum_of_the_docs_is_right(write) -> None:
    page = (Path(__file__).parents[2] / "docs" / "flows.md").read_text(encoding="utf-8")
    found = read_config(write(page.split("```yaml\n")[1].split("```")[0]))
    assert [one.title for one in found] == [
        "fetch/birds-images", "annotate/birds", "annotate/fishes", "annotate/herbarium", "evaluate/birds",
        "report/birds", "export/masks",
    ]  # fmt: skip
    assert found[1].schedules[0].timezone == "Europe/Berlin"
    assert found[1].options["concurrency_limit"] == 1


def test_an_address_without_a_prefect_server_is_said(tmp_path: Path) -> None:
    with pytest.raises(ServeError, match=r"no Prefect server answers at https://prefect\.museum\.invalid/api"):
        standing("https://prefect.museum.invalid/api", tmp_path).__enter__()
    with socket.create_server(("127.0.0.1", 0)) as other:
        url = f"http://127.0.0.1:{other.getsockname()[1]}/api"
        with pytest.raises(ServeError, match="something answers that is no Prefect server"):
            standing(url, tmp_path).__enter__()
