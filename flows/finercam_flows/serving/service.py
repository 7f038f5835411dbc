"""The life of `finercam serve`: how it starts, what runs while it runs, and how it ends."""

import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from filelock import FileLock, Timeout
from prefect.client.orchestration import PrefectClient, get_client
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.logging.configuration import setup_logging
from prefect.runner import Runner
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.types.entrypoint import EntrypointType

from finercam_core.errors import ServeError
from finercam_flows.notifications import announce
from finercam_flows.process import lifeline
from finercam_flows.serving import leftovers
from finercam_flows.serving.alerts import remove_alerts
from finercam_flows.serving.config import Deployment
from finercam_flows.serving.login import is_open
from finercam_flows.serving.metrics import watched
from finercam_flows.serving.rules import Rules, apply_rules
from finercam_flows.serving.server import Server, answers, running_server

LOCK = "serve.lock"
CHECK_SECONDS = 2.0
LOST_SECONDS = 20.0  # a server that is restarted answers sooner
ABANDON_SECONDS = 10.0
OPEN = (
    "It asks nobody who they are: whoever can reach it, from any account of this machine or any page in a browser, can "
    "start runs. Set PREFECT_SERVER_API_AUTH_STRING and PREFECT_API_AUTH_STRING for it, see docs/trust.md."
)
Say = Callable[[str], None]


def serve(
    deployments: Sequence[Deployment],
    folder: Path,
    *,
    rules: Rules,
    limit: int,
    ready: Callable[[Server], None],
    say: Say,
) -> str:
    """Serve deployments until a signal ends it.

    Parameters
    ----------
    deployments : sequence of Deployment
    rules : Rules
        Limits and alerts that the server is given.
    folder : Path
        For the records of a server that is started here, and for the lock of this process.
    limit : int
        Runs at the same time.
    ready : callable
        Called with the server as soon as runs can start.
    say : callable
        Called with a sentence about each thing that was found or done on the way.

    Returns
    -------
    str
        Name of the signal that ended it.

    Raises
    ------
    ServeError
        If another process serves from the same folder, or the server is unavailable or lost.
    """
    with _exclusive(folder):
        lifeline.lead()
        stores = [str(each.parameters["store"]) for each in deployments if "store" in each.parameters]
        with running_server(PREFECT_API_URL.value(), folder) as server, _connected(server.url), watched(stores, say):
            setup_logging()
            say(f"Prefect server: {server.pages} " + (f"(started; records in {folder})" if server.log else "(found)"))
            if server.login is not None:
                say(f"Log in there with the line in {server.login}, which you alone can read.")
            elif is_open(server.url):
                say(OPEN)
            return asyncio.run(_serve(deployments, rules, server, folder, limit, lambda: ready(server), say))


@contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ServeError(
            f"another `finercam serve` is running with {folder}", "end it, or give this one another folder with --data"
        ) from error
    except OSError as error:
        raise ServeError(f"{folder} cannot be written: {error.strerror}", "choose another with --data") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _connected(url: str) -> Iterator[None]:
    """Make this process, and those that it starts, use the server at this address."""
    os.environ["PREFECT_API_URL"] = url
    with temporary_settings({PREFECT_API_URL: url}):
        yield


async def _serve(
    deployments: Sequence[Deployment],
    rules: Rules,
    server: Server,
    folder: Path,
    limit: int,
    ready: Callable[[], None],
    say: Say,
) -> str:
    async with get_client() as client:
        await _refuse_pooled(client, deployments)
    runner = Runner(
        name="finercam", limit=limit, pause_on_shutdown=False, heartbeat_seconds=leftovers.HEARTBEAT_SECONDS
    )
    identifiers = {deployment.title: await register(runner, deployment) for deployment in deployments}
    async with get_client() as client:
        await _clear_leftovers(client, identifiers, folder, say)
        await leftovers.watch_heartbeats(client)
        for sentence in await apply_rules(client, rules, deployments):
            say(sentence)
    running = asyncio.create_task(runner.start())
    while not runner.started and not running.done():
        await asyncio.sleep(0.05)
    signalled = _signalled()
    ready()
    checking = asyncio.create_task(_check(server))
    first: list[asyncio.Future[Any]] = [running, signalled, checking]
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    if not signalled.done():
        await _abandon(running)
        error = checking.exception() if checking.done() else running.exception()
        raise error if isinstance(error, ServeError) else server.lost() from error
    checking.cancel()
    name = signalled.result()
    say(f"{name}: ending all runs")
    await runner.astop()
    with suppress(asyncio.CancelledError):
        await running
    return name


async def _refuse_pooled(client: PrefectClient, deployments: Sequence[Deployment]) -> None:
    """Raise `ServeError` if a worker of this server has one of the deployments: it would be taken from its pool."""
    for each in deployments:
        with suppress(ObjectNotFound):
            pool = (await client.read_deployment_by_name(each.title)).work_pool_name
            if pool:
                raise ServeError(
                    f"{each.title} belongs to the work pool {pool} of this server",
                    f"run it there, or take it away first with: prefect deployment delete '{each.title}'",
                )


async def register(runner: Runner, deployment: Deployment) -> UUID:
    """Create or update a deployment on the server; from then on a runner serves it.

    Returns
    -------
    UUID
        Its id on the server.

    Raises
    ------
    ServeError
        If the server refuses it.
    """
    try:
        return await runner.aadd_flow(
            deployment.flow,
            name=deployment.name,
            parameters=deployment.parameters,
            schedules=list(deployment.schedules),
            description=deployment.description,
            version=deployment.version,
            tags=[*deployment.tags, leftovers.TAG],
            paused=deployment.paused,
            concurrency_limit=deployment.concurrency_limit,
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
    except PrefectHTTPStatusError as error:
        problem = f"the Prefect server refuses {deployment.title}: {error}"
        raise ServeError(problem, "change it in prefect.yaml") from error


async def _clear_leftovers(client: PrefectClient, identifiers: Mapping[str, UUID], folder: Path, say: Say) -> None:
    """Clear away what an earlier `finercam serve` left behind, and say so; `identifiers` has each title's id."""
    orphaned = await leftovers.end_orphaned_runs(client, identifiers.values())
    missed = await leftovers.skip_missed_runs(client, identifiers.values())
    retired = await leftovers.pause_retired(client, identifiers, folder)
    titles = {identifier: title for title, identifier in identifiers.items()}
    for run in orphaned:
        flow = titles[run.deployment_id].partition("/")[0] if run.deployment_id else ""
        await asyncio.to_thread(announce, flow, run, leftovers.ORPHANED)
        say(f"run {run.name} was left behind by a `finercam serve` that was killed: marked as crashed")
    if missed:
        runs = "1 missed run is" if len(missed) == 1 else f"{len(missed)} missed runs are"
        say(f"{runs} made up for by later ones")
    for title in retired:
        await remove_alerts(client, title)
        say(f"{title} is no longer in the file: paused on the server")


def _signalled() -> "asyncio.Future[str]":
    """Future with the name of the first SIGINT or SIGTERM; later ones change nothing."""
    loop = asyncio.get_running_loop()
    signalled: asyncio.Future[str] = loop.create_future()

    def handle(name: str) -> None:
        if not signalled.done():
            signalled.set_result(name)

    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, handle, number.name)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda number, _frame: _tell(loop, handle, signal.Signals(number).name))
    return signalled


def _tell(loop: asyncio.AbstractEventLoop, handle: Callable[[str], None], name: str) -> None:
    loop.call_soon_threadsafe(handle, name)


async def _check(server: Server) -> None:
    """Raise `ServeError` when the server has ended or fallen silent, which Prefect's runner does not report."""
    answered = time.monotonic()
    while True:
        server.check()
        if await asyncio.to_thread(answers, server.url):
            answered = time.monotonic()
        elif time.monotonic() - answered > LOST_SECONDS:
            raise server.lost()
        await asyncio.sleep(CHECK_SECONDS)


async def _abandon(running: "asyncio.Task[None]") -> None:
    """End without the server: runs cannot report to it any more, and would try to for minutes."""
    for run in multiprocessing.active_children():
        run.kill()
    running.cancel()
    await asyncio.wait([running], timeout=ABANDON_SECONDS)
