"""The Prefect server: found at `PREFECT_API_URL`, otherwise started with records of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import requires, version
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import httpx
from packaging.requirements import Requirement
from prefect.settings import PREFECT_SERVER_API_AUTH_STRING

from finercam_core.errors import ServeError
from finercam_flows.serving.login import LOGIN, check_login, check_owner, closed, logged_in, login_of

DEFAULT_URL = "http://127.0.0.1:4200/api"
START_SECONDS = 180.0
STOP_SECONDS = 20.0
LOG_BYTES = 10_000_000
# Records of runs, logs and artifacts older than Prefect's retention period (90 days) are deleted.
SETTINGS = {"PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs"}


BREAKS = {
    "prefect": "it was not tested with finercam",
    "fastapi": "with it Prefect 3.8 starts no flow",
    "sqlalchemy": "with it no schedule of Prefect 3.8 fires",
}


def check_versions() -> None:
    """Raise `ServeError` if Prefect, or a package that it needs, has a version that breaks it silently.

    The bounds are those that finercam was installed with: pip respects them, but later upgrades may not.
    """
    for requirement in map(Requirement, requires("finercam") or ()):
        name = requirement.name
        if name in BREAKS and not requirement.specifier.contains(installed := version(name), prereleases=True):
            raise ServeError(
                f"{name} {installed} is installed, but {BREAKS[name]}", f"pip install '{name}{requirement.specifier}'"
            )


@dataclass(frozen=True)
class Server:
    """A server that answers.

    Attributes
    ----------
    url : str
        Address of its API.
    log : Path or None
        Its log file, if this process started it.
    login : Path, optional
        File with the log-in that was made for it, if this process started it and made one.
    """

    url: str
    log: Path | None
    login: Path | None = None
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def pages(self) -> str:
        """Address for a browser."""
        return self.url.removesuffix("/").removesuffix("/api")

    def lost(self) -> ServeError:
        """The error for a server that no longer answers."""
        return ServeError(
            f"the Prefect server at {self.url} no longer answers", "check it and start again: stores keep everything"
        )

    def check(self) -> None:
        """Raise `ServeError` if this process started it and it has ended."""
        if self._process is not None and self._process.poll() is not None:
            raise ServeError(f"the Prefect server ended with exit code {self._process.returncode}", f"see {self.log}")


@contextmanager
def running_server(url: str | None, folder: Path) -> Iterator[Server]:
    """The server at an address, started if none answers there; a server that was started ends with the context.

    Parameters
    ----------
    url : str, optional
        Address of the API; by default Prefect's own, ``http://127.0.0.1:4200/api``.
    folder : Path
        For the database, the log and the settings of a server that is started here.

    Raises
    ------
    ServeError
        If no server answers at an address of another machine, none can be started on this one, or one that nobody chose
        belongs to another account.
    """
    chosen, url = bool(url), (url or DEFAULT_URL).rstrip("/")
    if answers(url):
        if not chosen:
            check_owner(url)
        check_login(url)
        yield Server(url, None)
        return
    address = urlsplit(url)
    if address.scheme != "http" or address.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ServeError(
            f"no Prefect server answers at {url}", "start it there, or unset PREFECT_API_URL to have one started here"
        )
    with _started(url, address.hostname, address.port or 80, folder) as server:
        yield server


def answers(url: str) -> bool:
    """Whether a Prefect server answers at this address of its API."""
    try:
        response = httpx.get(f"{url}/health", timeout=10, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
    return response.status_code == 200 and response.text.strip() == "true"


@contextmanager
def _started(url: str, host: str, port: int, folder: Path) -> Iterator[Server]:
    if _port_taken(host, port):
        raise ServeError(
            f"what answers at {url} is not a Prefect server", "end it, or set PREFECT_API_URL to another port"
        )
    log = folder / "server.log"
    own = PREFECT_SERVER_API_AUTH_STRING.value()
    login = own or login_of(folder)
    environment = _environment(url, folder, login)
    command = [sys.executable, "-m", "finercam_flows.serving", "server", "start", "--host", host, "--port", str(port)]
    with _log_file(log) as file:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file, umask=0o077,
            start_new_session=True,  # Ctrl-C in the terminal must not reach the server, which ends after the runs
        )  # fmt: skip
    try:
        _wait_for(url, process, log)
        with logged_in(login):
            yield Server(url, log, None if own else folder / LOGIN, process)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _port_taken(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True


def _environment(url: str, folder: Path, login: str) -> dict[str, str]:
    records = {
        "PREFECT_HOME": str(folder),
        "PREFECT_API_URL": url,
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{folder}/prefect.db",
    }
    return {**SETTINGS, **closed(url), **os.environ, **records, "PREFECT_SERVER_API_AUTH_STRING": login}


def _log_file(log: Path) -> BinaryIO:
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        for kept in log.parent.glob("prefect.db*"):
            kept.chmod(0o600)  # of an earlier version; what the server makes now is its owner's alone
        log.touch(0o600)
        log.chmod(0o600)
        return log.open("ab")
    except OSError as error:
        raise ServeError(f"{log} cannot be written: {error.strerror}", "choose another folder with --data") from error


def _wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers(url):
        if process.poll() is not None:
            raise ServeError(f"no Prefect server could be started at {url}: {_last_line(log)}", f"see {log}")
        if time.monotonic() > deadline:
            raise ServeError(f"the Prefect server did not answer at {url} within {START_SECONDS:.0f} s", f"see {log}")
        time.sleep(0.3)


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "its log is empty"
