"""Work that goes on while the model computes: items made ahead of their use, results copied out and written."""

import multiprocessing
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch

from finercam_core.io.workers import end_with_parent

T = TypeVar("T")
_END = object()


def prefetch(items: Iterable[T], count: int = 2) -> Generator[T, None, None]:
    """The same items, up to `count` of them made in a thread before they are asked for; errors are raised here."""
    source = iter(items)
    with ThreadPoolExecutor(1, "finercam-prefetch") as pool:
        queue: deque[Future[T]] = deque(pool.submit(next, source, _END) for _ in range(count))  # type: ignore[arg-type]
        try:
            while (item := queue.popleft().result()) is not _END:
                queue.append(pool.submit(next, source, _END))  # type: ignore[arg-type]
                yield item
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            close = getattr(source, "close", None)
            if close is not None:
                close()


class BackgroundCalls:
    """Runs calls in threads or in one process, a bounded number at a time.

    Parameters
    ----------
    threads : int
    waiting : int
        Calls that may wait for a thread before `submit` itself waits, so that memory stays bounded.
    process : bool
        One process instead, for calls that would hold Python's lock while a GPU waits for its next batch: functions of
        a module with arguments that can be pickled.
    """

    def __init__(self, threads: int, waiting: int = 4, *, process: bool = False) -> None:
        # Spawned and not forked: torch and Prefect have threads in this process, whose locks a fork would copy.
        spawn = multiprocessing.get_context("spawn")
        self._pool: Executor = (
            ProcessPoolExecutor(1, spawn, initializer=end_with_parent)
            if process
            else ThreadPoolExecutor(threads, "finercam-writer")
        )
        self._limit = threads + waiting
        self._running: deque[Future[object]] = deque()

    def __enter__(self) -> "BackgroundCalls":
        return self

    def __exit__(self, *_error: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def submit(self, call: Callable[..., object], *arguments: object) -> None:
        """Start a call as soon as there is room for it."""
        while len(busy := [future for future in self._running if not future.done()]) >= self._limit:
            wait(busy, return_when=FIRST_COMPLETED)
        if isinstance(self._pool, ProcessPoolExecutor):  # a context cannot be sent to a process
            self._running.append(self._pool.submit(call, *arguments))
            return
        # What is said there is said in the context of the caller, such as its shard.
        self._running.append(self._pool.submit(copy_context().run, call, *arguments))

    def results(self, *, wait_for_all: bool = False) -> list[object]:
        """Results not yet taken, in the order of the calls, up to the first call that still runs; or of all calls.

        Errors of the calls are raised here.
        """
        results = []
        while self._running and (wait_for_all or self._running[0].done()):
            results.append(self._running.popleft().result())
        return results


class HostCopy:
    """Tensors on their way to the host's memory; `arrays` waits for them.

    On a GPU the copy goes to pinned memory without stopping the device, so start the next batch before asking for the
    arrays. On a CPU there is nothing to copy.

    Parameters
    ----------
    tensors : sequence of tensor
        Detached; they may be freed at once.
    """

    def __init__(self, tensors: Sequence[torch.Tensor]) -> None:
        self._hosts = [_to_host(tensor) for tensor in tensors]
        self._event: torch.Event | None = None
        if any(tensor.is_cuda for tensor in tensors):
            self._event = torch.cuda.current_stream().record_event()

    def arrays(self) -> list[npt.NDArray[np.generic]]:
        """The values, in the order of the tensors, once all have arrived."""
        if self._event is not None:
            self._event.synchronize()
        return [host.numpy() for host in self._hosts]


def _to_host(tensor: torch.Tensor) -> torch.Tensor:
    if not tensor.is_cuda:
        return tensor.detach().cpu()
    host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    return host.copy_(tensor.detach(), non_blocking=True)
