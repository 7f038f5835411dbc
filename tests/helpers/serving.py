"""`finercam serve` in a process of its own, and the questions that tests put to its Prefect server."""

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
from prefect.settings import PREFECT_API_URL, temporary_settings

READY = "end with Ctrl-C"
ANNOTATE = "finercam_flows.annotate.annotate"
Deployment = dict[str, Any]


def annotating(name: str, catalog: Path, store: Path, **more: Any) -> Deployment:
    """Deployment of the flow `annotate` with the tiny classifier."""
    parameters = {"catalog": str(catalog), "classifier": "finercam_tiny:tiny", "store": str(store), "references": 2}
    given = more.pop("parameters", {})
    return {"name": name, "entrypoint": ANNOTATE, "parameters": {**parameters, **given}, **more}


class Serving:
    """One `finercam serve`.

    Parameters
    ----------
    folder : Path
        Where its `prefect.yaml` is written.
    url : str
        Of the API of the server: found there, or started there.
    deployments : dict
    environment : str
        Further variables.
    """

    def __init__(self, folder: Path, url: str, *deployments: Deployment, **environment: str) -> None:
        self.url, self.folder = url, folder
        (folder / "prefect.yaml").write_text(yaml.safe_dump({"deployments": list(deployments)}))
        quick = {"PREFECT_API_URL": url, "PREFECT_RUNNER_POLL_FREQUENCY": "1", "PYTHONUNBUFFERED": "1"}
        self.output = (folder / "serve.log").open("w+b")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "finercam_flows", "serve"],
            cwd=folder, env={**os.environ, "COLUMNS": "200", **quick, **environment},
            stdout=self.output, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def said(self) -> str:
        """Everything that it printed so far."""
        return (self.folder / "serve.log").read_text()

    def descendants(self) -> list[psutil.Process]:
        """The server, the runs, and what they started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def run_process(self) -> psutil.Process:
        """The process of the run that goes on."""
        runs = [p for p in psutil.Process(self.process.pid).children() if "spawn_main" in " ".join(p.cmdline())]
        assert len(runs) == 1, runs
        return runs[0]

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait."""
        self.process.send_signal(how)
        return self.process.wait(60)


@contextmanager
def serving(folder: Path, url: str, *deployments: Deployment, **environment: str) -> Iterator[Serving]:
    """Serve until the context ends; gives it once runs can start."""
    one = Serving(folder, url, *deployments, **environment)
    try:
        wait_for(lambda: READY in one.said() or one.process.poll() is not None, 150, one.said)
        assert one.process.poll() is None, one.said()
        yield one
    finally:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        one.output.close()


def wait_for(condition: Callable[[], Any], seconds: float = 240, why: Callable[[], Any] = lambda: "") -> Any:
    """Wait until a condition holds and give what it gave."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"still not after {seconds} s: {why()}")


@contextmanager
def asking(url: str) -> Iterator["Questions"]:
    """Ask a server."""
    with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
        yield Questions(client)


class Questions:
    """What tests want to know from a Prefect server."""

    def __init__(self, client: SyncPrefectClient) -> None:
        self.client = client

    def deployment(self, title: str) -> Any:
        """Deployment by ``flow/name``."""
        return self.client.read_deployment_by_name(title)

    def start(self, title: str, **parameters: Any) -> UUID:
        """Start a run, as the button in the pages does."""
        return self.client.create_flow_run_from_deployment(self.deployment(title).id, parameters=parameters).id

    def runs(self, title: str) -> list[FlowRun]:
        """Runs of a deployment that began, the oldest first."""
        chosen = FlowRunFilter.model_validate({"deployment_id": {"any_": [self.deployment(title).id]}})
        found = self.client.read_flow_runs(flow_run_filter=chosen, sort=FlowRunSort.START_TIME_ASC)
        return [run for run in found if run.state is not None and not run.state.is_scheduled()]

    def late(self, title: str) -> list[FlowRun]:
        """Runs of a deployment that should have begun."""
        chosen = FlowRunFilter.model_validate({"deployment_id": {"any_": [self.deployment(title).id]}})
        found = self.client.read_flow_runs(flow_run_filter=chosen)
        return [run for run in found if run.state.is_scheduled() and run.expected_start_time < datetime.now(UTC)]  # type: ignore[union-attr,operator]

    def completed(self, title: str) -> list[FlowRun]:
        """Runs of a deployment that completed, the oldest first."""
        return [run for run in self.runs(title) if run.state_name == "Completed"]

    def state(self, run: UUID) -> str:
        """Name of a run's state."""
        return str(self.client.read_flow_run(run).state_name)

    def ended(self, run: UUID, seconds: float = 240) -> str:
        """Wait until a run has come to its end; the name of its last state."""
        names = ("Completed", "Failed", "Crashed", "Cancelled")
        wait_for(lambda: self.state(run) in names, seconds, lambda: self.state(run))
        return self.state(run)

    def artifacts(self, run: UUID) -> dict[str, Artifact]:
        """What a run left to look at."""
        chosen = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run]))
        return {str(one.key): one for one in self.client.read_artifacts(artifact_filter=chosen)}
