"""`make stack` in a folder of the test, and its parts to be killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from review_server import free_port
from serve_process import wait_for

SCRIPT = Path(__file__).parents[2] / "deploy" / "stack" / "stack.sh"
PARTS = ("server", "worker", "s3", "database")


class Stack:
    """The parts, and what reaches them.

    Parameters
    ----------
    folder : Path
        What they keep.
    environment : dict of str to str
        Variables that the script wrote for whoever uses it.
    """

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment

    @property
    def url(self) -> str:
        """Of Prefect's API."""
        return self.environment["PREFECT_API_URL"]

    def part(self, name: str) -> psutil.Process | None:
        """The process of a part, None while it is not there."""
        (supervisor,) = (int(path.read_text()) for path in [self.folder / "supervisord.pid"])
        for process in psutil.Process(supervisor).children():
            with suppress(psutil.Error):  # it has just ended
                if _WORDS[name] in " ".join(process.cmdline()):
                    return process
        return None

    def kill(self, name: str) -> None:
        """End a part and everything that it has started, as a power cut would, and wait until it is there again."""
        killed = self.part(name)
        assert killed is not None, name
        for process in [*killed.children(recursive=True), killed]:
            with suppress(psutil.NoSuchProcess):  # PostgreSQL's processes end with each other
                process.send_signal(signal.SIGKILL)

        def again() -> bool:
            now = self.part(name)
            return now is not None and now.pid != killed.pid

        wait_for(again, 120, self.said)

    def said(self) -> str:
        """The end of what every part has said."""
        return "\n".join(f"{log.name}: {log.read_text()[-600:]}" for log in (self.folder / "log").glob("*.log"))


_WORDS = {"server": "server start", "worker": "worker start", "s3": "ministack", "database": "postgres -D"}


@contextmanager
def stack(folder: Path, work: Path, **environment: str) -> Iterator[Stack]:
    """Everything that the script starts, for whoever works in a folder; all of it ends with Ctrl-C."""
    ports = {"PREFECT_PORT": str(free_port()), "S3_PORT": str(free_port()), "VENV": sys.prefix}
    log = work / "stack.log"
    with log.open("wb") as out:
        started = subprocess.Popen(
            ["bash", str(SCRIPT), str(folder)], cwd=work, env={**os.environ, **ports, **environment},
            stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
        try:
            wait_for(lambda: "Ready" in log.read_text() or started.poll() is not None, 300, log.read_text)
            assert started.poll() is None, log.read_text()
            yield Stack(folder, _variables(folder / "environment"))
        finally:
            with suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGINT)
            started.wait(120)


def _variables(file: Path) -> dict[str, str]:
    words = (word for line in file.read_text().splitlines() for word in line.removeprefix("export ").split())
    return dict(word.split("=", 1) for word in words)
