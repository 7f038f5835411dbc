"""Times in turns: every piece of work once per round, and its ratio to the forward pass of the same round."""

import statistics
import time
from collections.abc import Callable, Mapping

import torch

Work = Callable[[], object]


def ratios(base: Work, works: Mapping[str, Work], rounds: int, rounds_of: Mapping[str, int]) -> dict[str, list[float]]:
    """Time of each piece of work over that of `base` in each round; the first round of each is not counted.

    `base` runs first and last in a round, and the mean of both counts, so that a machine that becomes slower does not
    make the work look slow. "again" is the second time over the first: the noise of the measurement.

    Parameters
    ----------
    base : callable
    works : mapping of str to callable
    rounds : int
    rounds_of : mapping of str to int
        Fewer rounds for some of them.
    """
    by_work: dict[str, list[float]] = {name: [] for name in (*works, "again")}
    for done in range(rounds + 1):
        first = seconds(base)
        spent = {name: seconds(work) for name, work in works.items() if done <= rounds_of.get(name, rounds)}
        last = seconds(base)
        if done == 0:
            continue
        for name, value in spent.items():
            by_work[name].append(2 * value / (first + last))
        by_work["again"].append(last / first)
    return by_work


def seconds(work: Work) -> float:
    """Duration of one call in seconds, including what it starts on a GPU."""
    start = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def median(values: list[float]) -> float:
    """Median over the rounds."""
    return statistics.median(values)
