"""`finercam review assign` beside `finercam review STORE`, which stays what it was."""

from pathlib import Path

import pytest
from finercam_flows.cli import app
from planned_store import fill, plan_at
from typer.testing import CliRunner

from finercam_core.review import read_assignment


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", "150")
    place = plan_at(str(tmp_path / "maps.zarr"), tmp_path / "images", {"Aus bus": 6, "Dus eus": 3}).location
    fill(place)
    return place


def test_queues_are_dealt_and_said(store: str) -> None:
    arguments = ["review", "assign", store, "--reviewers", "Ada, Bo,Cy", "--adjudicators", "Dee", "--seed", "5"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == "9 specimens, 2 reviewers each, by pair, seed 5"
    assert lines[1:] == ["  Ada: 6", "  Bo: 6", "  Cy: 6", "  disagreements: Dee"]
    found = read_assignment(store)
    assert found is not None
    assert (found.reviewers, found.adjudicators, found.seed) == (("Ada", "Bo", "Cy"), ("Dee",), 5)


def test_a_store_alone_opens_the_window(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[str, str]] = []

    def note(place: str, *, reviewer: str, **_others: object) -> None:
        opened.append((place, reviewer))

    monkeypatch.setattr("napari_finercam.review", note)
    result = CliRunner().invoke(app, ["review", store, "--reviewer", "Ada"])
    assert result.exit_code == 0, result.output
    assert opened == [(store, "Ada")]


def test_options_may_stand_before_the_store(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("napari_finercam.review", lambda place, **_others: opened.append(place))
    assert CliRunner().invoke(app, ["review", "--reviewer", "Ada", store]).exit_code == 0
    assert opened == [store]


def test_help_is_that_of_the_command_that_is_meant() -> None:
    own = CliRunner().invoke(app, ["review", "--help"]).output
    assert "review [OPTIONS] {store}" in " ".join(own.split())
    assert "finercam review assign STORE" in " ".join(own.replace("│", " ").split())
    assert "--overlap" in CliRunner().invoke(app, ["review", "assign", "--help"]).output


def test_a_name_that_is_spelt_otherwise_is_said(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_finercam.review", lambda *_a, **_o: None)
    CliRunner().invoke(app, ["review", "assign", store, "--reviewers", "Ada,Bo"])
    said = CliRunner().invoke(app, ["review", store, "--reviewer", "ada"]).output
    assert "Nothing is assigned to ada, so all specimens are shown; names with a queue: Ada, Bo." in said
    assert "Nothing is assigned" not in CliRunner().invoke(app, ["review", store, "--reviewer", "Bo"]).output
