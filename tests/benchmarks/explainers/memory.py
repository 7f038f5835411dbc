"""Peak memory of one batch, above what the process holds before it; each measurement in a process of its own.

On a CPU it is the growth of the resident set: the kernel's own high-water mark, reset before the batch. On a GPU it is
torch's. The model is loaded and its route chosen before; what the first batch sets up once counts with it.
"""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch

from explainers.models import build, classes_of, forward, images_of
from finercam_core.explain import explain

# Without it the C library keeps some freed blocks and gives others back, from run to run.
_ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}


def peak(name: str, batch: int, comparisons: int | None, device: str) -> tuple[int, int]:
    """Bytes above the start at the peak of a batch, and of the results that are kept; None is a forward pass alone."""
    os.environ.update(_ALLOCATOR)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measured, name, batch, comparisons, device).result()


def _measured(name: str, batch: int, comparisons: int | None, device: str) -> tuple[int, int]:
    found = build(name, device)
    images = images_of(found, batch)
    classes = None if comparisons is None else classes_of(found, batch, comparisons)
    start = _reset(device)
    if classes is None:
        kept = [forward(found, images)]
    else:
        result = explain(found, images, classes)
        kept = [result.evidence, result.logits]
    return _highest(device) - start, sum(value.nbytes for value in kept)


def _reset(device: str) -> int:
    """Start a new high-water mark; what is held now."""
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats()
        return torch.cuda.memory_allocated()
    Path("/proc/self/clear_refs").write_text("5")
    return _of_kernel("VmRSS")


def _highest(device: str) -> int:
    return torch.cuda.max_memory_allocated() if device.startswith("cuda") else _of_kernel("VmHWM")


def _of_kernel(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))
