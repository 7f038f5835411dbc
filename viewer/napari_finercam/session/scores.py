"""Scores of all specimens, read species by species in a thread: they tell what is done, and what is uncertain."""

from collections.abc import Sequence
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr

from finercam_core.store.layout import status_of
from napari_finercam.session.queue import Queue

Scores = dict[str, npt.NDArray[Any]]
UNREADABLE = (OSError, KeyError, ValueError, TypeError, RuntimeError)


def read_scores(location: str, group: str) -> Scores:
    """Status, probability of the species, and its score minus the closest look-alike's, for each slot of a species.

    Raises
    ------
    OSError, KeyError, ValueError, TypeError, RuntimeError
        If the species' arrays are missing or damaged.
    """
    arrays = {name: _read(location, f"{group}/{name}") for name in ("state", "logit", "log_sum_exp")}
    logit = arrays["logit"].astype(np.float32)
    n = len(logit)
    nothing = np.full(n, np.nan, np.float32)
    own = logit[:, 0] if logit.shape[1] else nothing
    rivals = logit[:, 1:].max(axis=1) if logit.shape[1] > 1 else nothing
    with np.errstate(invalid="ignore", over="ignore"):
        probability = np.exp(own - arrays["log_sum_exp"])
    return {"status": status_of(arrays["state"]), "probability": probability, "difference": own - rivals}


def _read(location: str, path: str) -> npt.NDArray[Any]:
    return np.asarray(zarr.open_array(f"{location}/{path}", mode="r", zarr_format=3)[:])


class ScoreReader:
    """Fills a queue's scores in the background.

    Parameters
    ----------
    location : str
    groups : sequence of str
        Paths of the species' groups, in the order wanted.
    queue : Queue
    pause : float
        Seconds left to the window between two species.
    """

    def __init__(self, location: str, groups: Sequence[str], queue: Queue, pause: float = 0.002) -> None:
        self.missing: list[str] = []
        self.finished = Event()
        self._stop = Event()
        self._rest_until = 0.0
        self._work = (location, tuple(groups), queue, pause)
        self._thread = Thread(target=self._run, name="finercam-scores", daemon=True)

    def start(self) -> None:
        """Begin reading."""
        self._thread.start()

    def stop(self) -> None:
        """End early and wait for the species in hand."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def rest(self, seconds: float = 0.1) -> None:
        """Leave the processor to the window for a moment, in which it draws another specimen."""
        self._rest_until = monotonic() + seconds

    def _run(self) -> None:
        location, groups, queue, pause = self._work
        for group in groups:
            if self._stop.is_set():
                return
            try:
                queue.take_scores(group, read_scores(location, group))
            except UNREADABLE:
                # Told to the reviewer as a count; opening such a specimen says what is wrong with it.
                self.missing.append(group)
                queue.take_missing(group)
            sleep(pause)
            while monotonic() < self._rest_until and not self._stop.is_set():
                sleep(pause)
        self.finished.set()
