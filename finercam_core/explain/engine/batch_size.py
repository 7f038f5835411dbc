"""Batches that fit into memory: a size that is halved when memory runs out."""

import gc
import logging
from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter
from typing import TypeVar
from weakref import WeakKeyDictionary

import torch

from finercam_core.errors import ClassifierError
from finercam_core.explain.evidence import explain
from finercam_core.explain.model.classifier import Classifier

log = logging.getLogger(__name__)

Result = TypeVar("Result")
SIZES = (32, 64, 128, 256, 512)
"""Batch sizes that are tried on a GPU."""
LEAST_GAIN = 0.05
_CLASSES = 11
_found: "WeakKeyDictionary[Classifier, int]" = WeakKeyDictionary()
# torch raises a plain RuntimeError where the CPU's memory runs out.
_CPU_MESSAGES = ("not enough memory", "can't allocate memory", "Unable to allocate")


def fastest_size(seconds: Callable[[int], float], sizes: Sequence[int] = SIZES, gain: float = LEAST_GAIN) -> int:
    """The batch size beyond which nothing is gained: the first of growing ones that the next does not beat.

    Parameters
    ----------
    seconds : callable
        Time that a batch of some size takes; a size that does not fit into memory raises, and ends the search.
    sizes : sequence of int
        Growing.
    gain : float
        Share of images per second that a larger size must gain.
    """
    best, rate = sizes[0], 0.0
    for size in sizes:
        try:
            now = size / max(seconds(size), 1e-9)
        except (torch.OutOfMemoryError, MemoryError):
            break
        except RuntimeError as error:
            if not any(message in str(error) for message in _CPU_MESSAGES):
                raise
            break
        if now < (1 + gain) * rate:
            break
        best, rate = size, now
    return best


def images_per_pass(classifier: Classifier) -> int:
    """The batch size that "auto" takes for a classifier: 32 on a CPU, on a GPU found by time and memory, once."""
    if classifier.device.type != "cuda":
        return SIZES[0]
    if classifier not in _found:
        _found[classifier] = fastest_size(partial(_seconds, classifier))
        torch.cuda.empty_cache()
        log.info("batches of %d images are the fastest on %s", _found[classifier], classifier.device)
    return _found[classifier]


def _seconds(classifier: Classifier, size: int) -> float:
    """Time of a batch of noise with ten comparisons, after a first one that allocates what is needed."""
    shape = (size, 3, classifier.preparation.height, classifier.preparation.width)
    images = torch.randn(shape, device=classifier.device, dtype=classifier.dtype)
    classes = [list(range(min(len(classifier.species), _CLASSES)))] * size
    times = []
    for _ in range(2):
        start = perf_counter()
        explain(classifier, images, classes).evidence.cpu()
        times.append(perf_counter() - start)
    return times[-1]


class BatchSize:
    """Number of images that are explained together; a size that did not fit is not tried again.

    Parameters
    ----------
    size : int
        To begin with, at least 1.

    Raises
    ------
    ClassifierError
        If the size is below 1.

    Examples
    --------
    >>> size = BatchSize(256)
    >>> parts = size.run(lambda rows: explain(classifier, images[rows], classes[rows]), len(images))
    """

    def __init__(self, size: int = 32) -> None:
        if size < 1:
            raise ClassifierError(f"a batch of {size} images", "give 1 or more")
        self.size = size

    def run(self, work: Callable[[slice], Result], count: int) -> list[Result]:
        """Work on rows 0 to `count` - 1 in their order, at most `size` at once.

        Parameters
        ----------
        work : callable
            Takes a slice of rows. It is called again with a shorter slice when memory ran out in it.
        count : int

        Returns
        -------
        What `work` returned for each slice, in order.

        Raises
        ------
        ClassifierError
            If a single row does not fit.
        """
        done: list[Result] = []
        first = 0
        while first < count:
            rows = slice(first, min(first + self.size, count))
            result = self._attempt(work, rows)
            if result is None:
                self._halve(rows.stop - rows.start)
                continue
            done.append(result[0])
            first = rows.stop
        return done

    @staticmethod
    def _attempt(work: Callable[[slice], Result], rows: slice) -> tuple[Result] | None:
        """The result in a tuple, or None where memory ran out; by then nothing refers to what was allocated."""
        try:
            return (work(rows),)
        except (torch.OutOfMemoryError, MemoryError):
            return None
        except RuntimeError as error:
            if not any(message in str(error) for message in _CPU_MESSAGES):
                raise
            return None

    def _halve(self, tried: int) -> None:
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if tried == 1:
            raise ClassifierError("memory ran out in the forward pass of a single image", "use a smaller input")
        self.size = tried // 2
