"""Where shards are computed: in this process, in processes of this machine, or on a Dask cluster."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from queue import SimpleQueue
from typing import Any

from prefect.futures import PrefectFuture
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner
from prefect.tasks import Task

from finercam_core.errors import RunError
from finercam_flows.process import gpus
from finercam_flows.process.signals import workers_end_at_once

log = logging.getLogger(__name__)
AHEAD = 2  # shards in flight a worker: one computing, one waiting, so that memory stays flat and nobody waits
LOSSES = 3  # so many times a shard may lose its worker before a run gives up
CONNECT_SECONDS = 10
Call = dict[str, Any]
Runner = TaskRunner[Any]


def workers_for(runner: str, workers: int, device: str) -> int:
    """Number of worker processes: as asked, else one a GPU, else one."""
    found = gpus.count() if device in ("auto", "cuda") else 0
    return workers or max(found, 2 if runner == "dask" else 1)


def runner_for(runner: str, workers: int) -> Runner | None:
    """Prefect's task runner for "local", "dask" or a scheduler's address; None for this process.

    Parameters
    ----------
    runner : str
    workers : int
        Processes of this machine, at least 1; a scheduler at an address has its own.
    """
    if runner == "local":
        if workers == 1:
            return None
        threads = max(1, (os.cpu_count() or 1) // workers)
        return ProcessPoolTaskRunner(max_workers=workers, initializer=prepare_worker, initargs=(threads,))
    from prefect_dask.task_runners import DaskTaskRunner

    # Its tracebacks about a lost scheduler come to the user as one sentence, see `_cluster_trouble`.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    if runner == "dask":
        options = {"n_workers": workers, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
        return DaskTaskRunner(cluster_class="distributed.LocalCluster", cluster_kwargs=options)
    return DaskTaskRunner(address=runner, client_kwargs={"timeout": CONNECT_SECONDS})


def prepare_worker(threads: int) -> None:
    """Share the cores; a worker whose parent was killed does not write on, and Ctrl-C is the parent's."""
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


def spread(task: "Task[..., Any]", calls: Iterable[Call], runner: Runner, *, workers: int) -> Iterator[Any]:
    """Run a task for each call on a runner, and give the results in the order in which they come.

    A worker that is lost costs the shards it had: they are run again by another, up to a limit.

    Parameters
    ----------
    task : prefect.Task
    calls : iterable of dict
        Keyword arguments; taken as workers get free, so that they need not fit into memory all at once.
    runner : prefect.task_runners.TaskRunner
    workers : int

    Raises
    ------
    RunError
        If workers are lost again and again, or the Dask scheduler is lost or does not answer.
    """
    in_flight: dict[PrefectFuture[Any], _Shard] = {}
    source: Iterator[_Shard] = (_Shard(call) for call in calls)
    while True:
        try:
            with _cluster_trouble(), runner.duplicate() as running, workers_end_at_once():
                yield from _window(task, source, running, in_flight, _places(running, workers))
        except BrokenProcessPool as error:
            again = [shard.lost() for shard in in_flight.values()]
            if any(shard.losses > LOSSES for shard in again):
                raise RunError(
                    f"worker processes were killed {LOSSES + 1} times at the same shard, perhaps for want of memory",
                    "use fewer workers or smaller batches and run the same again: what is stored is kept",
                ) from error
            log.warning("a worker process was lost; its shards are run again")
            source = chain(again, source)
            in_flight.clear()
        else:
            return


@dataclass(frozen=True)
class _Shard:
    """A call, and how often a worker was lost while it was in flight."""

    call: Call
    losses: int = 0

    def lost(self) -> "_Shard":
        return _Shard({**self.call, "resumed": True}, self.losses + 1)


def _window(
    task: "Task[..., Any]",
    source: Iterator[_Shard],
    running: Runner,
    in_flight: dict[PrefectFuture[Any], _Shard],
    places: Callable[[], int],
) -> Iterator[Any]:
    ready: SimpleQueue[PrefectFuture[Any]] = SimpleQueue()
    for shard in source:
        future = running.submit(task, shard.call)
        in_flight[future] = shard
        future.add_done_callback(ready.put)
        if len(in_flight) >= AHEAD * places():
            yield _take(ready, in_flight)
    while in_flight:
        yield _take(ready, in_flight)


def _take(ready: "SimpleQueue[PrefectFuture[Any]]", in_flight: dict[PrefectFuture[Any], _Shard]) -> Any:
    future = ready.get()
    result = future.result()
    del in_flight[future]
    return result


def _places(running: Runner, workers: int) -> Callable[[], int]:
    """How many shards can be computed at a time: a Dask cluster may grow and shrink meanwhile."""
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
def _cluster_trouble() -> Iterator[None]:
    """Say in one sentence what happened to a Dask cluster."""
    try:
        yield
    except Exception as error:
        sentence = _TROUBLE.get(f"{type(error).__module__.partition('.')[0]}.{type(error).__name__}")
        if sentence is None:
            raise
        raise RunError(sentence, "see to it and run the same again: what is stored is kept") from error


_TROUBLE = {
    "distributed.FutureCancelledError": "the Dask scheduler was lost in the middle of the run",
    "distributed.CommClosedError": "the Dask scheduler was lost in the middle of the run",
    "distributed.KilledWorker": "one shard cost several Dask workers their lives, perhaps for want of memory",
}
