"""Processes end with the command that started them, and no others do."""

import os
import subprocess
import sys

import pytest
from finercam_flows.process import lifeline


def test_a_process_that_no_command_started_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("", "not a number"):
        monkeypatch.setenv(lifeline.SERVE, value)
        lifeline.follow()


@pytest.mark.parametrize("variable", [lifeline.SERVE, lifeline.COMMAND])
def test_a_process_ends_if_its_command_was_killed_before_it_began(variable: str) -> None:
    command = subprocess.Popen([sys.executable, "-c", ""])
    command.wait()
    child = [sys.executable, "-c", "import finercam_flows; print('goes on')"]
    finished = subprocess.run(child, env={**os.environ, variable: str(command.pid)}, capture_output=True, check=False)
    assert (finished.returncode, finished.stdout) == (1, b"")
