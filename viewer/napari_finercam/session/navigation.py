"""The way through a store: which specimen is current, and which come next."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from finercam_core.errors import ReviewError
from finercam_core.review import Assignment
from finercam_core.store import Store
from napari_finercam.session.listing.scores import UNREADABLE, ScoreReader, read_scores
from napari_finercam.session.loaded_specimen import LoadedSpecimen, SpecimenLoader
from napari_finercam.session.queue import Queue, Selection
from napari_finercam.session.verdicts import require_store

PRELOADED_STEPS = (1, 2, -1, 3)


class Navigation:
    """A queue of specimens, one of which is current.

    Parameters
    ----------
    store : Store
        A flow may be writing to it meanwhile.
    reviewer : str
    before_leaving : function of no arguments
        Called before another specimen may become current.
    on_arrival : function of no arguments
        Called whenever another specimen has become current, before the next ones are loaded.
    assignment : Assignment, optional
        Who has which specimens, where a lab shares the store.

    Attributes
    ----------
    queue : Queue
    loader : SpecimenLoader
    scores : ScoreReader or None
        None until `start_scores`.
    specimen : LoadedSpecimen
        The current specimen; not set before `start`.
    """

    specimen: LoadedSpecimen

    def __init__(
        self,
        store: Store,
        reviewer: str,
        before_leaving: Callable[[], None],
        on_arrival: Callable[[], None],
        assignment: Assignment | None = None,
    ) -> None:
        self.store = store
        self.loader = SpecimenLoader(store)
        self.queue = Queue(store.rows, reviewer, assignment)
        self.scores: ScoreReader | None = None
        self._before_leaving, self._on_arrival = before_leaving, on_arrival

    def start(self) -> None:
        """Show the first specimen of one's queue without a verdict of this reviewer, else the first that can be shown.

        The queue is what is assigned to the reviewer, if anything is, or the disagreements that wait for them.

        Raises
        ------
        ReviewError
            If there is none.
        """
        only, order = self.queue.lab.first
        self.queue.select(Selection(only=only, order=order))
        if not len(self.queue):
            self.queue.select(Selection())
        # One step before it, so that a step forward may arrive at it.
        self.queue.position -= 1
        if not self.move(1) and not self.move(-1):
            raise ReviewError(f"{self.store.location} has no finished specimen", "run `finercam annotate` first")

    def read_figures(self, path: str | Path) -> list[str]:
        """Read a table of figures, CSV or Parquet with `image_id`; returns the orders that it adds to the queue.

        Raises
        ------
        ReviewError
            If it cannot be read, has no `image_id`, or names no specimen of this store.
        """
        try:
            table = pd.read_parquet(path) if str(path).endswith(".parquet") else pd.read_csv(path)
        except (OSError, ValueError) as error:
            raise ReviewError(f"{path} cannot be read as a table: {error}", "give a CSV or Parquet file") from error
        if "image_id" not in table or not table["image_id"].isin(self.queue.ids).any():
            raise ReviewError(f"{path} names no specimen of this store", "give a table with a column image_id")
        return self.queue.take_figures(table)

    def start_scores(self) -> None:
        """Begin to read all scores in the background; orders and filters use those read so far."""
        self.stop_scores()
        self.scores = ScoreReader(self.store.location, list(self.store.groups.values()), self.queue)
        self.scores.start()

    def stop_scores(self) -> None:
        """Stop reading scores."""
        if self.scores is not None:
            self.scores.stop()

    def close(self) -> None:
        """End all threads."""
        self.stop_scores()
        self.loader.close()

    def select(self, selection: Selection) -> bool:
        """Take another selection, from its first specimen without a verdict; if none fits, False and no change."""
        self._before_leaving()
        earlier, order, position = self.queue.selection, self.queue.order, self.queue.position
        self.queue.select(selection, stay=True)
        if len(self.queue) and self._show(self.queue.position):
            return True
        self.queue.position -= 1
        if len(self.queue) and (self.move(1) or self.move(-1)):
            return True
        self.queue.selection, self.queue.order, self.queue.position = earlier, order, position
        return False

    def move(self, step: int) -> bool:
        """Move on by one specimen (`step` 1) or back (-1), past those without a map; False at the end of the queue.

        Raises
        ------
        ReviewError
            If the store is not there any more.
        """
        self._before_leaving()
        return any(self._show(position) for position in self.queue.step(step))

    def go_to(self, image_id: str) -> bool:
        """Show a specimen, wherever it is; one outside the selection widens the selection to all."""
        self._before_leaving()
        row = self.queue.row_of(image_id)
        if row not in self.queue.order:
            self.queue.select(Selection(order=self.queue.selection.order))
        positions = np.flatnonzero(self.queue.order == row)
        return bool(len(positions)) and self._show(int(positions[0]))

    def _show(self, position: int) -> bool:
        if self.scores is not None:
            self.scores.rest()
        row = int(self.queue.order[position])
        specimen = self.loader.get(str(self.queue.ids[row]))
        if not specimen.done and self.queue.selection.only != "failed":
            self._check_store()
            self._note_absence(row, specimen)
            return False
        self.queue.position, self.specimen = position, specimen
        self._on_arrival()
        ids, order = self.queue.ids, self.queue.order
        positions = (position + step for step in PRELOADED_STEPS)
        self.loader.ahead(str(ids[order[at]]) for at in positions if 0 <= at < len(order))
        return True

    def _check_store(self) -> None:
        """A share that is gone is no reason to mark one species after the other as missing."""
        try:
            require_store(self.store.location)
        except ReviewError:
            self.loader.forget()
            raise

    def _note_absence(self, row: int, specimen: LoadedSpecimen) -> None:
        """Remember what the whole species lacks, so that all of it is skipped from now on."""
        group = str(self.queue.rows["group"].iloc[row])
        try:
            self.queue.take_scores(group, read_scores(self.store.location, group))
        except UNREADABLE:
            self.queue.take_missing(group)
        if self.queue.showable[row]:  # it has just been written; the next look at it shows it
            self.loader.forget()
        if specimen.record is None:
            self.queue.take_missing(group)
