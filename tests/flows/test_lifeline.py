"""Processes end with the command that started them, and nobody else's do."""

import os
import subprocess
import sys

import pytest
from finercam_flows.process import lifeline


def test_a_process_that_nobody_serves_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for given in ("", "not a number"):
        monkeypatch.setenv(lifeline.SERVE, given)
        lifeline.follow()


@pytest.mark.parametrize("variable", [lifeline.SERVE, lifeline.COMMAND])
def test_a_process_whose_command_was_killed_before_it_had_begun_ends(variable: str) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    late = [sys.executable, "-c", "import finercam_flows; print('goes on')"]
    found = subprocess.run(late, env={**os.environ, variable: str(gone.pid)}, capture_output=True, check=False)
    assert (found.returncode, found.stdout) == (1, b"")
