"""The share of time in which a GPU, or without one the processors, have work; sampled beside whatever runs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import torch

_EVERY = 0.1


class Busy:
    """Samples of the use of a GPU, or of the processors; `share` is None where it cannot be asked for."""

    def __init__(self) -> None:
        self.samples: list[float] = []

    @property
    def share(self) -> float | None:
        """Mean share, 0 to 1."""
        return sum(self.samples) / (100 * len(self.samples)) if self.samples else None


@contextmanager
def busy() -> Iterator[Busy]:
    """Sample the use of the first GPU, without one of all processors, within the context."""
    found, over, gpu = Busy(), threading.Event(), torch.cuda.is_available()
    psutil.cpu_percent()  # the first figure is meaningless

    def sample() -> None:
        while not over.wait(_EVERY):
            try:
                found.samples.append(torch.cuda.utilization() if gpu else psutil.cpu_percent())
            except Exception:  # pynvml is missing, or the driver does not say
                return

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()
