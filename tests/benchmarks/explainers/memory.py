"""Peak memory of one batch, above what the process holds before it; each measurement in a process of its own.

On a CPU this is the growth of the resident set, from the kernel's own high-water mark, which is reset before the batch;
on a GPU it is torch's peak. The model is loaded and its route chosen before that; what only the first batch sets up is
included.
"""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch

from explainers.models import build, classes_of, forward, images_of
from finercam_core.explain import explain

# Otherwise the C library keeps or returns freed blocks differently from run to run.
_ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}


def peak(name: str, batch: int, comparisons: int | None, device: str) -> tuple[int, int]:
    """Bytes at the peak of a batch above the start, and of its results; `comparisons` None: only a forward pass."""
    os.environ.update(_ALLOCATOR)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measured, name, batch, comparisons, device).result()


def _measured(name: str, batch: int, comparisons: int | None, device: str) -> tuple[int, int]:
    classifier = build(name, device)
    images = images_of(classifier, batch)
    classes = None if comparisons is None else classes_of(classifier, batch, comparisons)
    start = _reset(device)
    if classes is None:
        kept = [forward(classifier, images)]
    else:
        result = explain(classifier, images, classes)
        kept = [result.evidence, result.logits]
    return _highest(device) - start, sum(value.nbytes for value in kept)


def _reset(device: str) -> int:
    """Reset the high-water mark; the bytes held now."""
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
