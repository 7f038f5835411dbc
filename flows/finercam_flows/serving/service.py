"""The life of `finercam serve`: what runs while it runs, and how it ends."""

import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from filelock import FileLock, Timeout
from prefect.client.orchestration import PrefectClient, get_client
from prefect.exceptions import PrefectHTTPStatusError
from prefect.logging.configuration import setup_logging
from prefect.runner import Runner
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.types.entrypoint import EntrypointType

from finercam_core.errors import ServeError
from finercam_flows.hooks import announce
from finercam_flows.process import lifeline
from finercam_flows.serving.config import Served
from finercam_flows.serving.heartbeat import BEAT_SECONDS, TAG, watch_heartbeats
from finercam_flows.serving.leftovers import LOST, end_lost_runs, pause_retired, skip_missed_runs
from finercam_flows.serving.server import Server, answers, standing

LOCK = "serve.lock"
CHECK_SECONDS = 2.0
LOST_SECONDS = 20.0  # a server that is started again answers sooner
ABANDON_SECONDS = 10.0
Say = Callable[[str], None]


def serve(deployments: Sequence[Served], folder: Path, *, limit: int, ready: Callable[[Server], None], say: Say) -> str:
    """Serve deployments until a signal ends it.

    Parameters
    ----------
    deployments : sequence of Served
    folder : Path
        For the records of a server that is started here, and for the lock of this process.
    limit : int
        Runs at the same time.
    ready : callable
        Called with the server once runs can start.
    say : callable
        Told what was found and done on the way.

    Returns
    -------
    str, the name of the signal that ended it.

    Raises
    ------
    ServeError
        If another process serves from the same folder, or the server cannot be had or is lost.
    """
    with _alone(folder):
        lifeline.lead()
        with standing(PREFECT_API_URL.value(), folder) as server, _talking_to(server.url):
            setup_logging()
            say(f"Prefect server: {server.pages} " + (f"(started; records in {folder})" if server.log else "(found)"))
            return asyncio.run(_serve(deployments, server, folder, limit, lambda: ready(server), say))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
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
def _talking_to(url: str) -> Iterator[None]:
    os.environ["PREFECT_API_URL"] = url
    with temporary_settings({PREFECT_API_URL: url}):
        yield


async def _serve(
    deployments: Sequence[Served], server: Server, folder: Path, limit: int, ready: Callable[[], None], say: Say
) -> str:
    runner = Runner(name="finercam", limit=limit, pause_on_shutdown=False, heartbeat_seconds=BEAT_SECONDS)
    identifiers = {one.title: await register(runner, one) for one in deployments}
    async with get_client() as client:
        await _tidy(client, identifiers, folder, say)
    running = asyncio.create_task(runner.start())
    while not runner.started and not running.done():
        await asyncio.sleep(0.05)
    ended = _on_signal()
    ready()
    checking = asyncio.create_task(_check(server))
    waited: list[asyncio.Future[Any]] = [running, ended, checking]
    await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
    if not ended.done():
        await _abandon(running)
        lost = checking.exception() if checking.done() else running.exception()
        raise lost if isinstance(lost, ServeError) else server.lost() from lost
    checking.cancel()
    name = ended.result()
    say(f"{name}: ending what runs")
    await runner.astop()
    with suppress(asyncio.CancelledError):
        await running
    return name


async def register(runner: Runner, one: Served) -> UUID:
    """Make or renew a deployment on the server; a runner serves it from then on.

    Raises
    ------
    ServeError
        If the server refuses it.
    """
    options = {**one.options, "tags": [*one.options["tags"], TAG]}
    try:
        return await runner.aadd_flow(
            one.flow, name=one.name, parameters=one.parameters, schedules=list(one.schedules),
            entrypoint_type=EntrypointType.MODULE_PATH, **options,
        )  # fmt: skip
    except PrefectHTTPStatusError as error:
        raise ServeError(f"the Prefect server refuses {one.title}: {error}", "change it in prefect.yaml") from error


async def _tidy(client: PrefectClient, identifiers: dict[str, UUID], folder: Path, say: Say) -> None:
    lost = await end_lost_runs(client, identifiers.values())
    skipped = await skip_missed_runs(client, identifiers.values())
    retired = await pause_retired(client, identifiers, folder)
    titles = {identifier: title for title, identifier in identifiers.items()}
    for run in lost:
        flow = titles[run.deployment_id].partition("/")[0] if run.deployment_id else ""
        await asyncio.to_thread(announce, flow, run, LOST)
        say(f"run {run.name} was left behind by a `finercam serve` that was killed: marked as crashed")
    if skipped:
        say(f"{len(skipped)} missed runs are made up for by later ones")
    for title in retired:
        say(f"{title} is not in the file any more: paused on the server")
    await watch_heartbeats(client)


def _on_signal() -> "asyncio.Future[str]":
    """Future that has the name of the first SIGINT or SIGTERM; later ones change nothing."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[str] = loop.create_future()

    def end(name: str) -> None:
        if not ended.done():
            ended.set_result(name)

    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, end, one.name)
    return ended


async def _check(server: Server) -> None:
    """Raise `ServeError` when the server ended or fell silent; Prefect's runner would not say so."""
    heard = time.monotonic()
    while True:
        server.check()
        if await asyncio.to_thread(answers, server.url):
            heard = time.monotonic()
        elif time.monotonic() - heard > LOST_SECONDS:
            raise server.lost()
        await asyncio.sleep(CHECK_SECONDS)


async def _abandon(running: "asyncio.Task[None]") -> None:
    """End without the server: runs cannot tell it anything any more, and would try for minutes."""
    for run in multiprocessing.active_children():
        run.kill()
    running.cancel()
    await asyncio.wait([running], timeout=ABANDON_SECONDS)
