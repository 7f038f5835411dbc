"""Going through a store: which specimen is on, how its map is made, and which come next. No window, no verdicts."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from finercam_core.errors import ReviewError
from finercam_core.finer import choose_references, compared_gamma
from finercam_core.store import open_store
from napari_finercam.session.comparison import Map, Settings, grid_map, heat, image_map
from napari_finercam.session.queue import Queue, Selection
from napari_finercam.session.scores import UNREADABLE, ScoreReader, read_scores
from napari_finercam.session.view import Loader, View

AHEAD = (1, 2, -1, 3)


class Navigation:
    """A queue of specimens with one of them on.

    Parameters
    ----------
    location : str or Path
        The store; a flow may be writing to it meanwhile.
    reviewer : str
    images : str or Path, optional
        Folder of the photographs, if they have moved.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """

    view: View

    def __init__(self, location: str | Path, reviewer: str, images: str | Path | None = None) -> None:
        self.store = open_store(location, images=images)
        self.reviewer = reviewer
        self.settings = Settings()
        self.loader = Loader(self.store)
        self.queue = Queue(self.store.rows, reviewer)
        self.scores: ScoreReader | None = None
        self._chosen: dict[str, tuple[str, ...]] = {}
        self.fixed_gamma = compared_gamma(self.store.provenance)
        if self.fixed_gamma is not None:
            self.settings.gamma = self.fixed_gamma

    @cached_property
    def common(self) -> dict[str, str]:
        """Common names by scientific name, of the species that have one."""
        named = self.store.specimens[["scientificName", "vernacularName"]].drop_duplicates("scientificName")
        return {str(name): str(common) for name, common in named.itertuples(index=False) if common}

    def arrived(self) -> None:
        """Called when another specimen is on."""

    def start(self) -> None:
        """Show the first specimen without a verdict of this reviewer, else the first that can be shown.

        Raises
        ------
        ReviewError
            If there is none.
        """
        self.queue.select(Selection())
        # From the place before, so that a step forward may stay.
        self.queue.position -= 1
        if not self.move(1) and not self.move(-1):
            raise ReviewError(f"{self.store.location} has no finished specimen", "run `finercam annotate` first")

    def take_figures(self, path: str | Path) -> list[str]:
        """Take in a table of figures, CSV or Parquet with `image_id`; returns the orders that it adds to the queue.

        Raises
        ------
        ReviewError
            If it cannot be read, has no `image_id`, or none of this store's.
        """
        try:
            table = pd.read_parquet(path) if str(path).endswith(".parquet") else pd.read_csv(path)
        except (OSError, ValueError) as error:
            raise ReviewError(f"{path} cannot be read as a table: {error}", "give a CSV or Parquet file") from error
        if "image_id" not in table or not table["image_id"].isin(self.queue.ids).any():
            raise ReviewError(f"{path} names no specimen of this store", "give a table with a column image_id")
        return self.queue.take_figures(table)

    def read_scores(self) -> None:
        """Begin to read the scores of all specimens in the background; orders and filters use what is there so far."""
        self.close_scores()
        self.scores = ScoreReader(self.store.location, list(self.store.groups.values()), self.queue)
        self.scores.start()

    def close_scores(self) -> None:
        """End the reading of scores."""
        if self.scores is not None:
            self.scores.stop()

    def close(self) -> None:
        """End all threads."""
        self.close_scores()
        self.loader.close()

    def select(self, selection: Selection) -> bool:
        """Go through other specimens, from the first one without a verdict; False if none fits, and nothing changes."""
        before, order, position = self.queue.selection, self.queue.order, self.queue.position
        self.queue.select(selection, stay=True)
        if len(self.queue) and self._show(self.queue.position):
            return True
        self.queue.position -= 1
        if len(self.queue) and (self.move(1) or self.move(-1)):
            return True
        self.queue.selection, self.queue.order, self.queue.position = before, order, position
        return False

    def move(self, step: int) -> bool:
        """Go on by one specimen, past those without a map; False at the end of the queue."""
        return any(self._show(place) for place in self.queue.step(step))

    def go_to(self, image_id: str) -> bool:
        """Show a specimen, wherever it stands; one outside the selection widens the selection to all."""
        row = self.queue.row_of(image_id)
        if row not in self.queue.order:
            self.queue.select(Selection())
        found = np.flatnonzero(self.queue.order == row)
        return bool(len(found)) and self._show(int(found[0]))

    def show_again(self) -> None:
        """Load the specimen that is on once more: its images have moved, or a flow has written more."""
        self.loader.forget()
        self._show(self.queue.position)

    def _show(self, place: int) -> bool:
        if self.scores is not None:
            self.scores.rest()
        row = int(self.queue.order[place])
        view = self.loader.get(str(self.queue.ids[row]))
        if not view.done and self.queue.selection.only != "failed":
            self._note_absence(row, view)
            return False
        self.queue.position, self.view = place, view
        if view.record is not None:
            view.used = choose_references(view.record.classes, self._chosen.get(view.species))
        self.arrived()
        ids, order = self.queue.ids, self.queue.order
        self.loader.ahead(str(ids[order[place + step]]) for step in AHEAD if 0 <= place + step < len(order))
        return True

    def _note_absence(self, row: int, view: View) -> None:
        """Remember what is not there for the whole species at once, so that it is passed over from now on."""
        group = str(self.queue.rows["group"].iloc[row])
        try:
            self.queue.take_scores(group, read_scores(self.store.location, group))
        except UNREADABLE:
            self.queue.take_missing(group)
        if self.queue.showable[row]:  # it has been written just now; the next look at it shows it
            self.loader.forget()
        if view.record is None:
            self.queue.take_missing(group)

    @property
    def gamma(self) -> float:
        """Strength of the comparison; maps that were compared already have theirs and 0 alone."""
        return self.settings.gamma

    @gamma.setter
    def gamma(self, value: float) -> None:
        if self.fixed_gamma is None or value in (0, self.fixed_gamma):
            self.settings.gamma = value
        self.map_changed()

    def use(self, references: Sequence[str]) -> None:
        """Compare with these of the stored references alone, for all specimens of this species from now on."""
        if self.view.record is not None:
            self.view.used = choose_references(self.view.record.classes, references)
            self._chosen[self.view.species] = tuple(references)
        self.map_changed()

    def map_changed(self) -> None:
        """Called when γ, the references or the weighting changed."""

    def grid_map(self, *, signed: bool = False) -> Map:
        """Finer-CAM map on the model's grid, float32 (h, w), recombined from the stored evidence."""
        view = self.view
        if view.record is None or not view.done:
            return np.zeros((1, 1), np.float32)
        values = grid_map(view.record, view.used, self.settings)
        return values if signed else np.maximum(values, 0)

    def image_map(self) -> Map:
        """The map at the resolution of the photograph, in units of the logit; 0 where the model saw nothing."""
        return image_map(self.view, self.grid_map(), self.view.window(self.store))

    def heat(self) -> Map:
        """What the heat map shows: at most 1, negative where the references have more if the difference is shown."""
        return heat(self.view, self.grid_map(signed=self.settings.signed), self.view.window(self.store))
