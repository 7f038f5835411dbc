"""What goes to the hub and comes from it: no pickles either way."""

from pathlib import Path
from typing import Any

import pytest

from finercam_core.errors import TrainingError
from finercam_core.train import folder


def test_a_repository_of_pickles_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def download(name: str, **options: Any) -> str:
        asked.update(options, name=name)
        return str(tmp_path)

    monkeypatch.setattr(folder, "snapshot_download", download)
    with pytest.raises(TrainingError, match="pickled checkpoints are not loaded"):
        folder.pull("hf-hub:somebody/something", tmp_path)
    assert asked["name"] == "somebody/something"
    assert not [pattern for pattern in asked["allow_patterns"] if pattern.endswith((".bin", ".pt", ".pth", "*"))]


def test_a_folder_without_weights_is_not_uploaded(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"no model\.safetensors"):
        folder.push(tmp_path, "somebody/something")
