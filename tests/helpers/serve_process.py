"""`finercam serve` in a process of its own, and what tests ask its Prefect server."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId, FlowRunFilter
from prefect.client.schemas.objects import Artifact, FlowRun
from prefect.client.schemas.sorting import FlowRunSort
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

READY = "end with Ctrl-C"
ANNOTATE = "finercam_flows.annotate.annotate"
Deployment = dict[str, Any]


def annotate_deployment(name: str, catalog: Path, store: Path, **more: Any) -> Deployment:
    """Deployment of the flow `annotate` with the tiny classifier."""
    parameters = {"catalog": str(catalog), "classifier": "finercam_tiny:tiny", "store": str(store), "references": 2}
    changes = more.pop("parameters", {})
    return {"name": name, "entrypoint": ANNOTATE, "parameters": {**parameters, **changes}, **more}


class ServeProcess:
    """A process that runs `finercam serve`.

    Parameters
    ----------
    folder : Path
        Where its `prefect.yaml` is written.
    url : str
        Address of the API of the server, which is found or started there.
    deployments : dict
    environment : str
        Further environment variables.
    """

    def __init__(self, folder: Path, url: str, *deployments: Deployment, **environment: str) -> None:
        self.url, self.folder = url, folder
        (folder / "prefect.yaml").write_text(yaml.safe_dump({"deployments": list(deployments)}))
        quick = {"PREFECT_API_URL": url, "PREFECT_RUNNER_POLL_FREQUENCY": "1", "PYTHONUNBUFFERED": "1"}
        self._log = (folder / "serve.log").open("w+b")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "finercam_flows", "serve"],
            cwd=folder, env={**os.environ, "COLUMNS": "200", **quick, **environment},
            stdout=self._log, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def output(self) -> str:
        """Everything that it has printed so far."""
        return (self.folder / "serve.log").read_text()

    def descendants(self) -> list[psutil.Process]:
        """The server, the runs, and what they started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def run_process(self) -> psutil.Process:
        """The process of the only current run."""
        runs = [p for p in psutil.Process(self.process.pid).children() if "spawn_main" in " ".join(p.cmdline())]
        assert len(runs) == 1, runs
        return runs[0]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait."""
        self.process.send_signal(number)
        return self.process.wait(60)

    def close(self) -> None:
        """Kill it if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._log.close()


@contextmanager
def serve_process(folder: Path, url: str, *deployments: Deployment, **environment: str) -> Iterator[ServeProcess]:
    """Serve until the context ends; the context begins when runs can start."""
    serve = ServeProcess(folder, url, *deployments, **environment)
    try:
        wait_for(lambda: READY in serve.output() or serve.process.poll() is not None, 150, serve.output)
        assert serve.process.poll() is None, serve.output()
        yield serve
    finally:
        serve.close()


def wait_for(condition: Callable[[], Any], seconds: float = 240, why: Callable[[], Any] = lambda: "") -> Any:
    """Wait until the value of a condition is true; that value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.2)
    raise AssertionError(f"still not after {seconds} s: {why()}")


def login_in(folder: Path) -> str:
    """The log-in of a server that was started in a folder."""
    return (folder / "prefect-server" / "login").read_text().strip()


@contextmanager
def server_client(url: str, folder: Path | None = None) -> Iterator["ServerClient"]:
    """A client of the server at this address; `folder` is that of the process that started it and made its log-in."""
    login = {} if folder is None else {PREFECT_API_AUTH_STRING: login_in(folder)}
    with temporary_settings({PREFECT_API_URL: url, **login}), get_client(sync_client=True) as client:
        yield ServerClient(client)


class ServerClient:
    """What tests ask a Prefect server."""

    def __init__(self, client: SyncPrefectClient) -> None:
        self.prefect = client

    def deployment(self, title: str) -> Any:
        """Deployment by ``flow/name``."""
        return self.prefect.read_deployment_by_name(title)

    def start(self, title: str, **parameters: Any) -> UUID:
        """Start a run, as the button on the pages does."""
        return self.prefect.create_flow_run_from_deployment(self.deployment(title).id, parameters=parameters).id

    def runs(self, title: str) -> list[FlowRun]:
        """Runs of a deployment that have begun, the oldest first."""
        chosen = FlowRunFilter.model_validate({"deployment_id": {"any_": [self.deployment(title).id]}})
        runs = self.prefect.read_flow_runs(flow_run_filter=chosen, sort=FlowRunSort.START_TIME_ASC)
        return [run for run in runs if run.state is not None and not run.state.is_scheduled()]

    def late(self, title: str) -> list[FlowRun]:
        """Runs of a deployment that are overdue."""
        chosen = FlowRunFilter.model_validate({"deployment_id": {"any_": [self.deployment(title).id]}})
        runs = self.prefect.read_flow_runs(flow_run_filter=chosen)
        return [run for run in runs if run.state.is_scheduled() and run.expected_start_time < datetime.now(UTC)]  # type: ignore[union-attr,operator]

    def completed(self, title: str) -> list[FlowRun]:
        """Runs of a deployment that completed, the oldest first."""
        return [run for run in self.runs(title) if run.state_name == "Completed"]

    def state(self, run: UUID) -> str:
        """Name of a run's state."""
        return str(self.prefect.read_flow_run(run).state_name)

    def ended(self, run: UUID, seconds: float = 240) -> str:
        """Wait until a run has ended; the name of its last state."""
        names = ("Completed", "Failed", "Crashed", "Cancelled")
        wait_for(lambda: self.state(run) in names, seconds, lambda: self.state(run))
        return self.state(run)

    def artifacts(self, run: UUID) -> dict[str, Artifact]:
        """The artifacts of a run."""
        chosen = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run]))
        return {str(artifact.key): artifact for artifact in self.prefect.read_artifacts(artifact_filter=chosen)}
