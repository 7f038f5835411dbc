"""Prefect keeps the records of the commands in a folder of the test."""

from pathlib import Path

import pytest
from finercam_flows.cli import set_prefect_defaults

set_prefect_defaults()


@pytest.fixture
def prefect_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
