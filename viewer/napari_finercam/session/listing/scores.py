"""Scores of all specimens, read species by species in a thread: which are done, and how certain each is."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event, Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import zarr

from finercam_core.store.layout import status_of

if TYPE_CHECKING:
    from napari_finercam.session.queue import Queue

# What zarr raises for arrays that are missing or damaged.
UNREADABLE = (OSError, KeyError, ValueError, TypeError, RuntimeError)


@dataclass(frozen=True)
class SpeciesScores:
    """Scores of all specimens of a species, by their slot in its arrays; n is the number of slots.

    Attributes
    ----------
    status : uint8 array (n,)
        `Status` codes.
    probability : float32 array (n,)
        Probability of the species in [0, 1]; NaN where unknown.
    difference : float32 array (n,)
        Logit of the species minus that of its closest look-alike; NaN where unknown.
    """

    status: npt.NDArray[np.uint8]
    probability: npt.NDArray[np.float32]
    difference: npt.NDArray[np.float32]


def read_scores(location: str, group: str) -> SpeciesScores:
    """Scores of a species.

    Parameters
    ----------
    location : str
        The store.
    group : str
        Path of the species' group in it.

    Raises
    ------
    OSError, KeyError, ValueError, TypeError, RuntimeError
        If the species' arrays are missing or damaged.
    """
    state, logit, log_sum_exp = (_read(location, f"{group}/{name}") for name in ("state", "logit", "log_sum_exp"))
    logit = logit.astype(np.float32)
    unknown = np.full(len(logit), np.nan, np.float32)
    own = logit[:, 0] if logit.shape[1] else unknown
    rivals = logit[:, 1:].max(axis=1) if logit.shape[1] > 1 else unknown
    with np.errstate(invalid="ignore", over="ignore"):
        probability = np.exp(own - log_sum_exp)
    return SpeciesScores(status_of(state), probability, own - rivals)


def _read(location: str, path: str) -> npt.NDArray[Any]:
    return np.asarray(zarr.open_array(f"{location}/{path}", mode="r", zarr_format=3)[:])


class ScoreReader:
    """Fills a queue's scores in the background.

    Parameters
    ----------
    location : str
        The store.
    groups : sequence of str
        Paths of the species' groups, in the order of reading.
    queue : Queue
    pause : float
        Seconds left to the window between two species.

    Attributes
    ----------
    missing : list of str
        Groups that could not be read.
    finished : Event
        Set when all were read.
    """

    def __init__(self, location: str, groups: Sequence[str], queue: "Queue", pause: float = 0.002) -> None:
        self.missing: list[str] = []
        self.finished = Event()
        self._location, self._groups, self._queue, self._pause = location, tuple(groups), queue, pause
        self._stop = Event()
        self._rest_until = 0.0
        self._thread = Thread(target=self._run, name="finercam-scores", daemon=True)

    def start(self) -> None:
        """Begin reading."""
        self._thread.start()

    def stop(self) -> None:
        """End early, and wait for the species being read."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def rest(self, seconds: float = 0.1) -> None:
        """Leave the processor to the window for a moment, in which it draws another specimen."""
        self._rest_until = monotonic() + seconds

    def _run(self) -> None:
        for group in self._groups:
            if self._stop.is_set():
                return
            try:
                self._queue.take_scores(group, read_scores(self._location, group))
            except UNREADABLE:
                # The reviewer sees their count; opening such a specimen says what is wrong with it.
                self.missing.append(group)
                self._queue.take_missing(group)
            sleep(self._pause)
            while monotonic() < self._rest_until and not self._stop.is_set():
                sleep(self._pause)
        self.finished.set()
