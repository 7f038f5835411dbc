"""Several processes that train one model together, started by torchrun; without it, a world of one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from finercam_core.explain.model.execution import device_of


@dataclass(frozen=True)
class World:
    """One process among those that train together.

    Attributes
    ----------
    device : torch.device
        Where this process computes.
    rank : int
        Its number; process 0 alone writes files.
    size : int
        Number of processes.
    """

    device: torch.device
    rank: int = 0
    size: int = 1

    def share(self, batch: torch.Tensor) -> torch.Tensor:
        """Part of a batch for this process; the parts of all processes together are the batch."""
        return batch.tensor_split(self.size)[self.rank]

    def together(self, model: nn.Module) -> nn.Module:
        """A module whose backward pass averages the gradients over all processes; shares the model's weights."""
        return DistributedDataParallel(model) if self.size > 1 else model

    def total(self, value: float) -> float:
        """Sum of a number over all processes, the same in each."""
        if self.size == 1:
            return value
        number = torch.tensor(value, dtype=torch.float64 if self.device.type == "cpu" else None, device=self.device)
        distributed.all_reduce(number)
        return float(number)

    def gathered(self, value: dict[str, torch.Tensor]) -> list[dict[str, torch.Tensor]]:
        """What every process gave, by rank."""
        if self.size == 1:
            return [value]
        found: list[Any] = [None] * self.size
        distributed.all_gather_object(found, value)
        return found

    def wait(self) -> None:
        """Wait until all processes have reached this point."""
        if self.size > 1:
            distributed.barrier()


@contextmanager
def joined(device: str) -> Iterator[World]:
    """Join the processes that torchrun started, if it did, and leave them at the end.

    Parameters
    ----------
    device : str
        "auto", "cpu", "cuda" or "cuda:1"; under torchrun each process takes the GPU of its local rank.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield World(device_of(device))
        return
    on_gpu = device.startswith("cuda") or (device == "auto" and torch.cuda.is_available())
    place = device_of(f"cuda:{os.environ['LOCAL_RANK']}" if on_gpu else device)
    distributed.init_process_group("nccl" if place.type == "cuda" else "gloo")
    try:
        yield World(place, distributed.get_rank(), size)
    finally:
        distributed.destroy_process_group()
