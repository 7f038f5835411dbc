"""`finercam review --web` as its own process, to be killed and started again at the same address."""

import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

WAIT = 90  # seconds


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class ReviewServer:
    """The command, its links, and its end.

    Parameters
    ----------
    store : Path
    reviewers : sequence of str
    home : Path
        Where the key of the links lies.
    more : sequence of str
        Further arguments.
    """

    def __init__(self, store: Path, reviewers: Sequence[str], home: Path, more: Sequence[str] = ()) -> None:
        self.port = free_port()
        self.links: dict[str, str] = {}
        named = [word for name in reviewers for word in ("--reviewer", name)]
        self._command = [sys.executable, "-m", "finercam_flows", "review", "--web", str(store), *named, *more]
        self._environment = os.environ | {"XDG_DATA_HOME": str(home), "PYTHONUNBUFFERED": "1", "COLUMNS": "300"}
        self._process: subprocess.Popen[str] | None = None
        self.said: list[str] = []

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait for its links."""
        self._process = subprocess.Popen(
            [*self._command, "--port", str(self.port)], env=self._environment, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        lines: queue.Queue[str] = queue.Queue()
        output = self._process.stdout
        assert output is not None
        self._reader = threading.Thread(target=lambda: [lines.put(line) for line in output] and None, daemon=True)
        self._reader.start()
        self.said = []
        while not self.said or "Ctrl+C" not in self.said[-1]:
            self.said.append(lines.get(timeout=WAIT).rstrip())
            if found := re.fullmatch(r"(.+): (http\S+#token=\S+)", self.said[-1]):
                self.links[found[1]] = found[2]

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(WAIT)
        self._reader.join(WAIT)
        if self._process.stdout is not None:
            self._process.stdout.close()


@contextmanager
def review_server(store: Path, reviewers: Sequence[str], home: Path, *more: str) -> Iterator[ReviewServer]:
    """A running server."""
    server = ReviewServer(store, reviewers, home, more)
    server.start()
    try:
        yield server
    finally:
        server.kill()
