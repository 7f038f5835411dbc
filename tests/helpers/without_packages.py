"""The command as it runs where packages are not installed: imports of them are refused in a process of its own."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

_PROGRAM = """
import sys

REFUSED = set(sys.argv.pop(1).split(","))


class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in REFUSED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


sys.meta_path.insert(0, Refuse())
from finercam_flows.cli import main

main()
"""


def run_without(
    packages: Iterable[str], arguments: Iterable[object], *, cwd: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run `finercam` with these arguments where `packages` cannot be imported."""
    command = [sys.executable, "-P", "-c", _PROGRAM, ",".join(packages), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, timeout=120)
