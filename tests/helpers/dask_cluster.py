"""A Dask scheduler and its workers as processes of their own, as on a cluster."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def process(*command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    quiet, everything = subprocess.DEVNULL, {**os.environ, **environment}
    with subprocess.Popen([sys.executable, "-m", *command], stdout=quiet, stderr=quiet, env=everything) as started:
        try:
            yield started
        finally:
            started.kill()


@contextmanager
def dask_scheduler() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Its address and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    where = ("--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--no-show")
    with process("distributed.cli.dask_scheduler", *where) as scheduler:
        yield f"tcp://127.0.0.1:{port}", scheduler


def dask_worker(address: str, **environment: str) -> "contextmanager[subprocess.Popen[bytes]]":
    options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
    return process("distributed.cli.dask_worker", address, *options, **environment)
