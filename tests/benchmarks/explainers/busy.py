"""The share of time in which a GPU has work, sampled beside whatever runs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_EVERY = 0.1


class Busy:
    """Samples of a GPU's use; `share` is None where there is none, or its use cannot be asked for."""

    def __init__(self) -> None:
        self.samples: list[int] = []

    @property
    def share(self) -> float | None:
        """Mean share, 0 to 1."""
        return sum(self.samples) / (100 * len(self.samples)) if self.samples else None


@contextmanager
def busy() -> Iterator[Busy]:
    """Sample the use of the first GPU within the context."""
    found, over = Busy(), threading.Event()

    def sample() -> None:
        while not over.wait(_EVERY):
            try:
                found.samples.append(int(torch.cuda.utilization()))
            except Exception:  # pynvml is missing, or the driver does not say
                return

    thread = threading.Thread(target=sample, daemon=True)
    if torch.cuda.is_available():
        thread.start()
    try:
        yield found
    finally:
        over.set()
        if thread.is_alive():
            thread.join()
