"""Batches that fit into memory: a size that is halved when memory runs out."""

import gc
from collections.abc import Callable
from typing import TypeVar

import torch

from finercam_core.errors import ClassifierError

Result = TypeVar("Result")
# torch raises a plain RuntimeError where the CPU's memory runs out.
_CPU_MESSAGES = ("not enough memory", "can't allocate memory", "Unable to allocate")


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
