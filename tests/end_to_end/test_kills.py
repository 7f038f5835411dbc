"""SIGKILL at random moments of every command that writes: nothing acknowledged is lost, no half file has a name."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HELPER = Path(__file__).parents[1] / "helpers" / "killed_runs.py"
COMMANDS = ("train", "evaluate", "report", "export", "fetch", "review", "annotate")


def killed(command: str, folder: Path, kills: int, seed: int) -> dict[str, object]:
    """What the helper found."""
    path = os.pathsep.join([str(HELPER.parent), *sys.path])
    run = subprocess.run(
        [sys.executable, str(HELPER), command, str(folder), str(kills), str(seed)],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-4000:]
    found: dict[str, object] = json.loads(run.stdout.splitlines()[-1])
    return found


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_every_command_survives_twenty_kills(tmp_path: Path) -> None:
    """One table of all."""
    rows = [killed(command, tmp_path / command, 20, seed) for seed, command in enumerate(COMMANDS)]
    print("\n| command | kills in the middle | ended before | seconds of a run |\n|---|---|---|---|")
    for row in rows:
        print(f"| {row['command']} | {row['kills']} | {row['ended before']} | {row['seconds of a run']} |")
    assert all(row["kills"] == 20 for row in rows)


@pytest.mark.slow
def test_a_killed_export_leaves_no_half_file(tmp_path: Path) -> None:
    """The same with a few kills of one command."""
    assert killed("export", tmp_path / "export", 3, 7)["kills"] == 3
