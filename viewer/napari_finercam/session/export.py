"""Exports from the window, written in a thread while the review goes on."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from finercam_core.errors import FinercamError
from finercam_core.export import export
from finercam_core.store import Store


@dataclass(frozen=True)
class ExportRequest:
    """What to export: the format, the folder, and whose regions (None for those of all reviewers)."""

    format: str
    folder: Path
    reviewer: str | None


@dataclass(frozen=True)
class ExportOutcome:
    """How an export ended: its summary, or what went wrong."""

    message: str
    succeeded: bool


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
        """Whether an export is being written, or its outcome has not been taken yet."""
        return self._future is not None

    def start(self, store: Store, request: ExportRequest) -> None:
        """Begin to export; nothing happens while another export is under way."""
        if self._future is None:
            self.masks = 0
            self._future = self._pool.submit(self._run, store, request)

    def _run(self, store: Store, request: ExportRequest) -> str:
        summary = export(
            store, request.folder, format=request.format, reviewer=request.reviewer, progress=self._progress
        )
        return str(summary)

    def _progress(self, done: int, _whole: int) -> None:
        self.masks = done

    def outcome(self) -> ExportOutcome | None:
        """How the export ended, once; None while it is under way, and afterwards."""
        if self._future is None or not self._future.done():
            return None
        future, self._future = self._future, None
        try:
            return ExportOutcome(future.result(), succeeded=True)
        except FinercamError as error:
            return ExportOutcome(str(error), succeeded=False)

    def close(self) -> None:
        """Wait for a running export and end the thread."""
        self._pool.shutdown(wait=True)
