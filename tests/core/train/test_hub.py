"""What goes to the hub and comes from it: no pickles either way."""

from pathlib import Path
from typing import Any

import pytest

from finercam_core.errors import TrainingError
from finercam_core.io import hub
from finercam_core.io.hub import HubError
from finercam_core.train import folder


def test_a_repository_of_pickles_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def download(name: str, **options: Any) -> str:
        asked.update(options, name=name)
        return str(tmp_path)

    monkeypatch.setattr(hub, "snapshot_download", download)
    monkeypatch.setattr(hub, "hub_answers", lambda: True)
    with pytest.raises(TrainingError, match="pickled checkpoints are not loaded"):
        folder.pull("hf-hub:somebody/something", tmp_path)
    assert asked["name"] == "somebody/something"
    assert not [pattern for pattern in asked["allow_patterns"] if pattern.endswith((".bin", ".pt", ".pth", "*"))]


def test_a_folder_without_weights_is_not_uploaded(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"no model\.safetensors"):
        folder.push(tmp_path, "somebody/something")


def test_without_a_network_one_sentence_says_so_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(HubError, match="somebody/something cannot be downloaded from the hub: it cannot be reached"):
        folder.pull("somebody/something", tmp_path / "new")
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(HubError, match="cannot be uploaded: the hub does not answer"):
        folder.push(tmp_path, "somebody/something")


def test_what_the_hub_refuses_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("401 Client Error\n\nInvalid username or password.")

    monkeypatch.setattr(folder, "hub_answers", lambda: True)
    monkeypatch.setattr("huggingface_hub.HfApi.create_repo", refuse)
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(HubError, match=r"cannot be uploaded to a/b: 401 Client Error .*: log in with `hf auth login`"):
        folder.push(tmp_path, "a/b")
