"""Training as a Prefect flow on a real server: the folder, the artifacts, and the command on top of it."""

import subprocess
import sys
from pathlib import Path

import pytest
from finercam_flows import progress
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from typer.testing import CliRunner

COUNTS = {"Aus bus": 12, "Aus cus": 12}


class Steps:
    """Watches a training."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def planned(self, specimens: int) -> None:
        raise AssertionError("nothing is annotated here")

    def written(self, done: int, failed: int) -> None:
        raise AssertionError("nothing is annotated here")

    def stepped(self, step: int, total: int, note: str) -> None:
        self.notes.append(note)


def test_the_flow_trains_reports_steps_and_publishes(make_collection, tmp_path: Path, prefect: str) -> None:
    from finercam_flows.train import train

    steps = Steps()
    with progress.watch(steps):
        found = train(
            str(make_collection(tmp_path / "images", COUNTS)), "test_resnet", str(tmp_path / "classifier"),
            mode="finetune", pretrained=False, settings={"epochs": 2, "batch_size": 8}, device="cpu",
        )  # fmt: skip
    assert {split for split, accuracy in found.accuracy.items() if accuracy.n} >= {"train", "test"}
    assert [entry["epoch"] for entry in found.history] == [1, 2]
    assert any(note.startswith("loss") for note in steps.notes)
    keys = ("accuracy", "model-card", "training-curve", "training-curve-picture")
    with get_client(sync_client=True) as client:
        published = client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=list(keys))))
    assert {artifact.key for artifact in published} == set(keys)


def test_the_command_takes_settings_and_refuses_wrong_ones(make_collection, tmp_path: Path, prefect: str) -> None:
    from finercam_flows.cli import app

    table = str(make_collection(tmp_path / "images", COUNTS))
    arguments = ["train", table, "--model", "test_resnet", "--no-pretrained", "--out", str(tmp_path / "classifier")]
    done = CliRunner().invoke(app, [*arguments, "--set", "strengths=0.1,1", "--device", "cpu"])
    assert done.exit_code == 0, done.output
    assert "test" in done.output
    wrong = subprocess.run(
        [sys.executable, "-m", "finercam_flows", *arguments[:-1], str(tmp_path / "b"), "--set", "epochs=0"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert wrong.returncode == 1
    assert "probe has no setting 'epochs'" in wrong.stderr
    assert "Traceback" not in wrong.stderr


@pytest.mark.parametrize("command", ["adopt", "push", "pull"])
def test_every_command_has_an_example(command: str) -> None:
    from finercam_flows.cli import app

    shown = CliRunner().invoke(app, ["classifier", command, "--help"])
    assert shown.exit_code == 0
    assert f"Example: finercam classifier {command}" in " ".join(shown.output.split())
