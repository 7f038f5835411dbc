"""Where shards are computed: in this process, in processes of this machine, or on a Dask cluster."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from queue import SimpleQueue
from typing import Any

from prefect.futures import PrefectFuture
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner
from prefect.tasks import Task

from finercam_core.errors import RunError
from finercam_core.explain.engine.shard import ShardReport
from finercam_flows.process import gpus
from finercam_flows.process.allowed import check_scheduler
from finercam_flows.process.shard import ShardJob
from finercam_flows.process.signals import workers_end_at_once

log = logging.getLogger(__name__)
IN_FLIGHT = 2  # shards per worker: one being computed, one waiting, so that memory stays flat and no worker is idle
MAX_LOSSES = 3  # a shard may lose its worker this often before the run gives up
CONNECT_SECONDS = 10
Runner = TaskRunner[Any]
Future = PrefectFuture[ShardReport]


def workers_for(runner: str, workers: int, device: str) -> int:
    """Number of worker processes: as asked for, otherwise one per GPU, without a GPU one (two on a Dask cluster)."""
    available = gpus.count() if device in ("auto", "cuda") else 0
    return workers or max(available, 2 if runner == "dask" else 1)


def runner_for(runner: str, workers: int) -> Runner | None:
    """Prefect's task runner for "local", "dask" or the address of a scheduler; None to stay in this process.

    Parameters
    ----------
    runner : str
    workers : int
        Processes of this machine, at least 1; a scheduler at an address has workers of its own.

    Raises
    ------
    RunError
        For a scheduler that could send code of others, see `check_scheduler`.
    """
    if runner == "local":
        if workers == 1:
            return None
        threads = max(1, (os.cpu_count() or 1) // workers)
        return ProcessPoolTaskRunner(max_workers=workers, initializer=prepare_worker, initargs=(threads,))
    from prefect_dask.task_runners import DaskTaskRunner

    # The user reads one sentence about a lost scheduler instead of these tracebacks, see `_cluster_errors`.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    if runner == "dask":
        # Certificates of this cluster alone: otherwise every account of this machine could send it code.
        options = {
            "n_workers": workers, "threads_per_worker": 1, "processes": True, "dashboard_address": None,
            "security": True,
        }  # fmt: skip
        return DaskTaskRunner(cluster_class="distributed.LocalCluster", cluster_kwargs=options)
    check_scheduler(runner)
    return DaskTaskRunner(address=runner, client_kwargs={"timeout": CONNECT_SECONDS})


def prepare_worker(threads: int) -> None:
    """Share the cores, leave Ctrl-C to the parent, and end when the parent is killed instead of writing on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    from multiprocessing import parent_process
    from multiprocessing.connection import wait

    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def spread(
    task: "Task[[ShardJob], ShardReport]", jobs: Iterable[ShardJob], runner: Runner, *, workers: int
) -> Iterator[ShardReport]:
    """Run a task for each job on a runner, and yield the results in the order in which they arrive.

    The shards of a lost worker are run again by another one, up to a limit.

    Parameters
    ----------
    task : prefect.Task
    jobs : iterable of ShardJob
        Taken as workers become free, so that they need not all fit into memory at once.
    runner : prefect.task_runners.TaskRunner
    workers : int
        Processes of a local runner.

    Raises
    ------
    RunError
        If workers are lost again and again, or the Dask scheduler is lost or does not answer.
    """
    in_flight: dict[Future, _Attempt] = {}
    attempts: Iterator[_Attempt] = (_Attempt(job) for job in jobs)
    while True:
        try:
            with _cluster_errors(), runner.duplicate() as running, workers_end_at_once():
                yield from _window(task, attempts, running, in_flight, _capacity(running, workers))
        except BrokenProcessPool as error:
            again = [attempt.after_loss() for attempt in in_flight.values()]
            if any(attempt.losses > MAX_LOSSES for attempt in again):
                raise RunError(
                    f"the same shard killed {MAX_LOSSES + 1} worker processes, perhaps for lack of memory",
                    "use fewer workers or smaller batches and run it again: what is stored is kept",
                ) from error
            log.warning("a worker process was lost; its shards are run again")
            attempts = chain(again, attempts)
            in_flight.clear()
        else:
            return


@dataclass(frozen=True)
class _Attempt:
    """A shard, and how often a worker was lost while it was in flight."""

    job: ShardJob
    losses: int = 0

    def after_loss(self) -> "_Attempt":
        return _Attempt(replace(self.job, resumed=True), self.losses + 1)


def _window(
    task: "Task[[ShardJob], ShardReport]",
    attempts: Iterator[_Attempt],
    running: Runner,
    in_flight: dict[Future, _Attempt],
    capacity: Callable[[], int],
) -> Iterator[ShardReport]:
    """Results of the attempts, of which only as many are in flight as keep every worker busy."""
    ready: SimpleQueue[Future] = SimpleQueue()
    for attempt in attempts:
        future = running.submit(task, {"job": attempt.job})
        in_flight[future] = attempt
        future.add_done_callback(ready.put)
        if len(in_flight) >= IN_FLIGHT * capacity():
            yield _take(ready, in_flight)
    while in_flight:
        yield _take(ready, in_flight)


def _take(ready: "SimpleQueue[Future]", in_flight: dict[Future, _Attempt]) -> ShardReport:
    future = ready.get()
    report = future.result()
    del in_flight[future]
    return report


def _capacity(running: Runner, workers: int) -> Callable[[], int]:
    """How many shards can be computed at a time; a Dask cluster may grow and shrink during the run."""
    try:
        client: Any = getattr(running, "client", None)  # a Dask runner connects now
    except (OSError, TimeoutError) as error:
        raise RunError(
            f"no Dask scheduler answers at {getattr(running, 'address', None)}", "start one with: dask scheduler"
        ) from error
    if client is None:
        return lambda: workers
    if not client.nthreads():
        log.warning("the Dask scheduler has no worker yet; waiting for one")
    return lambda: max(1, sum(client.nthreads().values()))


@contextmanager
def _cluster_errors() -> Iterator[None]:
    """Say in one sentence what happened to a Dask cluster."""
    try:
        yield
    except Exception as error:
        sentence = _CLUSTER_ERRORS.get(f"{type(error).__module__.partition('.')[0]}.{type(error).__name__}")
        if sentence is None:
            raise
        raise RunError(sentence, "check the cluster and run the same command again: what is stored is kept") from error


_CLUSTER_ERRORS = {
    "distributed.FutureCancelledError": "the Dask scheduler was lost in the middle of the run",
    "distributed.CommClosedError": "the Dask scheduler was lost in the middle of the run",
    "distributed.KilledWorker": "one shard killed several Dask workers, perhaps for lack of memory",
}
