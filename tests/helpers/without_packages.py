"""The command as it runs where packages are not installed: imports of them are refused in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

_REFUSE = """
import contextlib, io, json, sys

REFUSED = set(sys.argv.pop(1).split(","))


class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in REFUSED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


sys.meta_path.insert(0, Refuse())
from finercam_flows.cli import main
"""
_ONE = "main()"
_SEVERAL = """
said = []
for words in json.loads(sys.argv[1]):
    heard = io.StringIO()
    with contextlib.redirect_stderr(heard), contextlib.redirect_stdout(io.StringIO()):
        try:
            main(words)
        except SystemExit as end:
            code = end.code
        else:
            code = 0
    said.append([code, heard.getvalue()])
print(json.dumps(said))
"""


def run_without(
    packages: Iterable[str], arguments: Iterable[object], *, cwd: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run `finercam` with these arguments where `packages` cannot be imported."""
    return _run(_REFUSE + _ONE, [",".join(packages), *map(str, arguments)], cwd)


def several_without(
    packages: Iterable[str], all_words: Sequence[Sequence[str]], *, cwd: Path, **environment: str
) -> list[tuple[int, str]]:
    """Run several commands, one after the other in one process: of each the exit code and what it said of errors."""
    words = [",".join(packages), json.dumps([list(words) for words in all_words])]
    done = _run(_REFUSE + _SEVERAL, words, cwd, environment)
    assert done.returncode == 0, done.stderr
    return [(code, said) for code, said in json.loads(done.stdout.splitlines()[-1])]


def _run(
    program: str, words: Iterable[str], cwd: Path | None, environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    command, whole = [sys.executable, "-P", "-c", program, *words], {**os.environ, **(environment or {})}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, timeout=240, env=whole)
