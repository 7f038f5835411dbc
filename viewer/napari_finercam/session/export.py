"""Exports from the window, written in a thread while the review goes on. No Qt."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from finercam_core.errors import FinercamError
from finercam_core.export import export
from finercam_core.store import Store


@dataclass(frozen=True)
class Wanted:
    """What is to be exported: the form, the folder, and whose regions (None for all reviewers')."""

    form: str
    folder: Path
    reviewer: str | None


class Exporter:
    """Writes one export at a time in a thread.

    Attributes
    ----------
    masks : int
        Masks written so far.
    """

    def __init__(self) -> None:
        self.masks = 0
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="finercam-export")
        self._future: Future[str] | None = None

    @property
    def busy(self) -> bool:
        """Whether an export is being written, or its result was not asked for yet."""
        return self._future is not None

    def start(self, store: Store, wanted: Wanted) -> None:
        """Begin to export; nothing happens while another export is under way."""
        if self._future is None:
            self.masks = 0
            self._future = self._pool.submit(self._run, store, wanted)

    def _run(self, store: Store, wanted: Wanted) -> str:
        return str(export(store, wanted.folder, format=wanted.form, reviewer=wanted.reviewer, progress=self._progress))

    def _progress(self, done: int, _whole: int) -> None:
        self.masks = done

    def result(self) -> tuple[str, bool] | None:
        """What came of it, and whether that is good; None as long as it is under way. It is told once."""
        if self._future is None or not self._future.done():
            return None
        future, self._future = self._future, None
        try:
            return future.result(), True
        except FinercamError as error:
            return str(error), False

    def close(self) -> None:
        """Wait for the export in hand and end the thread."""
        self._pool.shutdown(wait=True)
