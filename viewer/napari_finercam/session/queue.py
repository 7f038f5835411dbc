"""The queue of a review: which specimens, in which order, with which filters."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from finercam_core.review import Assignment, Verdict, opinions
from finercam_core.status import Status
from napari_finercam.session.lab.own_queue import AS_ASSIGNED, MINE, TO_DECIDE, LabQueue
from napari_finercam.session.listing.scores import SpeciesScores
from napari_finercam.session.listing.search import SearchIndex

ALL = "All specimens"
FILTERS = ("all", "unreviewed", "unsure", "disagreement", "low confidence", "failed", MINE, TO_DECIDE)
ORDERS = ("as stored", "least certain first", "closest look-alike first", AS_ASSIGNED)


@dataclass(frozen=True)
class Selection:
    """Which specimens are gone through.

    Attributes
    ----------
    taxon : str
        A family, a genus or a species; "" for all.
    only : str
        One of `FILTERS`.
    trait : str
        Specimens with an accepted region of this trait; "" for all.
    text : str
        Part of an id, a name or a common name; "" for all.
    order : str
        One of `ORDERS`, or of those that `Queue.take_figures` returned.
    """

    taxon: str = ""
    only: str = "all"
    trait: str = ""
    text: str = ""
    order: str = ORDERS[0]


UNKNOWN = 255
LOW_CONFIDENCE = 0.5
_CODES = {"": 0, "accept": 1, "reject": 2, "unsure": 3}
_RANKS = ("family", "genus", "scientificName")
Bools = npt.NDArray[np.bool_]


class Queue:
    """The specimens of a store, as one reviewer goes through them.

    Parameters
    ----------
    rows : DataFrame
        The listed specimens: image_id, scientificName, family, genus, vernacularName, group.
    reviewer : str
    assignment : Assignment, optional

    Attributes
    ----------
    status : uint8 array (n,)
        `Status` codes, `UNKNOWN` until read.
    probability, difference : float32 arrays (n,)
        As in `SpeciesScores`; NaN until read.
    mine : int8 array (n,)
        This reviewer's decisions as numbers, 0 for none.
    disagreed : bool array (n,)
        Where the reviewers' latest decisions differ, once this one has decided.
    traits : dict of int to set of str
        Traits of the accepted regions, by row; of others only once this reviewer has decided.
    figures : dict of str to float64 array (n,)
        Columns of tables to order by, by the name of the order.
    order : int array
        Rows of the selection, in its order.
    position : int
        Index of the current specimen in `order`.
    """

    def __init__(self, rows: pd.DataFrame, reviewer: str, assignment: Assignment | None = None) -> None:
        n = len(rows)
        self.rows = rows.reset_index(drop=True)
        self.reviewer = reviewer
        self.ids: npt.NDArray[np.object_] = self.rows["image_id"].to_numpy(object)
        self.lab = LabQueue(self.ids, reviewer, assignment)
        self.status = np.full(n, UNKNOWN, np.uint8)
        self.probability = np.full(n, np.nan, np.float32)
        self.difference = np.full(n, np.nan, np.float32)
        self.mine = np.zeros(n, np.int8)
        self.disagreed = np.zeros(n, bool)
        self.traits: dict[int, set[str]] = {}
        self.figures: dict[str, npt.NDArray[np.float64]] = {}
        self.selection = Selection()
        self.order: npt.NDArray[np.intp] = np.arange(n)
        self.position = 0

    def __len__(self) -> int:
        return len(self.order)

    @cached_property
    def _species(self) -> npt.NDArray[np.object_]:
        species: npt.NDArray[np.object_] = self.rows["scientificName"].to_numpy(object)
        return species

    @cached_property
    def _index(self) -> pd.Index:
        return pd.Index(self.ids)

    @cached_property
    def _groups(self) -> dict[str, npt.NDArray[np.intp]]:
        rows_by_group: dict[str, npt.NDArray[np.intp]] = self.rows.groupby("group").indices
        return rows_by_group

    def find(self, text: str, count: int = 50) -> list[str]:
        """Ids of specimens, wherever they are, by part of an id or a name; the closest ones first."""
        return [str(image_id) for image_id in self.ids[self._index_of_texts.best(text, count)]]

    def of_species(self, species: str) -> list[str]:
        """Ids of a species' specimens that can be shown, in the order of the selection; those outside it are not."""
        rows = self.order[self.showable[self.order]]
        return [str(image_id) for image_id in self.ids[rows[(self._species[rows] == species)]]]

    @cached_property
    def _index_of_texts(self) -> SearchIndex:
        return SearchIndex(self.rows)

    def row_of(self, image_id: str) -> int:
        """Row of a specimen; KeyError if it is not listed."""
        return int(self._index.get_loc(image_id))

    @property
    def row(self) -> int:
        """Row of the current specimen."""
        return int(self.order[self.position])

    @property
    def image_id(self) -> str:
        """Id of the current specimen."""
        return str(self.ids[self.row])

    def take_scores(self, group: str, scores: SpeciesScores) -> None:
        """Store the scores of a species; slots that the listed specimens do not have are ignored."""
        rows = self._groups.get(group)
        if rows is None:
            return
        slots = self.rows["slot"].to_numpy()[rows]
        scored = slots < len(scores.status)
        rows, slots = rows[scored], slots[scored]
        self.status[rows] = scores.status[slots]
        self.probability[rows] = scores.probability[slots]
        self.difference[rows] = scores.difference[slots]

    def take_missing(self, group: str) -> None:
        """Note that a species has no readable maps at all."""
        self.status[self._groups.get(group, np.zeros(0, np.intp))] = Status.PENDING

    def take_verdicts(self, image_id: str, verdicts: Collection[Verdict]) -> None:
        """Store the latest verdicts of all reviewers on a specimen; disagreement shows only after one's own."""
        try:
            row = self.row_of(image_id)
        except KeyError:  # it has left the catalog since
            return
        decisions = {verdict.reviewer: verdict.decision for verdict in verdicts}
        self.mine[row] = _CODES[decisions.get(self.reviewer, "")]
        self.lab.take(row, list(verdicts))
        known = verdicts if self.mine[row] else ()
        self.disagreed[row] = len({verdict.decision for verdict in opinions(known)}) > 1
        traits = {region.trait for verdict in known if verdict.decision == "accept" for region in verdict.regions}
        self.traits[row] = traits - {""}

    def taxa(self) -> list[tuple[str, str, int]]:
        """Name, rank and number of specimens of families, genera and species; each rank in alphabetical order."""
        taxa: list[tuple[str, str, int]] = []
        for rank in _RANKS:
            counts = self.rows[rank].value_counts().sort_index()
            taxa += [(str(name), rank, int(count)) for name, count in counts.items() if name]
        return taxa

    def select(self, selection: Selection, *, stay: bool = False) -> None:
        """Take another selection; the position becomes its first specimen without a verdict of this reviewer.

        Parameters
        ----------
        selection : Selection
        stay : bool
            Keep the current specimen, if the selection contains it.
        """
        current = self.row if stay and len(self.order) else -1
        self.selection = selection
        rows = np.flatnonzero(self._selected(selection))
        self.order = rows[self._sorted(rows, selection.order)]
        kept = np.flatnonzero(self.order == current)
        self.position = int(kept[0]) if len(kept) else self.first_unreviewed()

    def first_unreviewed(self) -> int:
        """Position of the first specimen that can be shown and has no verdict of this reviewer, else 0."""
        unreviewed = (self.mine[self.order] == 0) & self.showable[self.order]
        return int(np.argmax(unreviewed)) if unreviewed.any() else 0

    @property
    def showable(self) -> Bools:
        """Specimens with maps, or about which nothing is known yet; bool (n,)."""
        showable: Bools = (self.status == UNKNOWN) | (self.status == Status.DONE)
        return showable

    def _selected(self, selection: Selection) -> Bools:
        selected = self._filter(selection.only)
        if selection.taxon:
            selected = selected & self._of_taxon(selection.taxon)
        if selection.trait:
            rows = np.array([row for row, names in self.traits.items() if selection.trait in names], np.intp)
            selected = selected & np.isin(np.arange(len(self.ids)), rows)
        if selection.text.strip():
            selected = selected & self._index_of_texts.contains(selection.text)
        return selected

    def _of_taxon(self, taxon: str) -> Bools:
        members = np.zeros(len(self.ids), bool)
        for rank in _RANKS:
            members |= (self.rows[rank] == taxon).to_numpy(bool)
        return members

    def _filter(self, only: str) -> Bools:
        failed: Bools = (self.status != UNKNOWN) & (self.status > Status.DONE)
        filters: dict[str, Bools] = {
            "all": ~failed,
            "unreviewed": (self.mine == 0) & ~failed,
            "unsure": self.mine == _CODES["unsure"],
            "disagreement": self.disagreed,
            "low confidence": self.probability < LOW_CONFIDENCE,
            "failed": failed,
            MINE: np.isfinite(self.lab.place) & ~failed,
            TO_DECIDE: self.lab.open,
        }
        return filters[only]

    def _sorted(self, rows: npt.NDArray[np.intp], order: str) -> npt.NDArray[np.intp]:
        """Indices that sort the rows; those without scores come last, as stored."""
        keys: dict[str, npt.NDArray[Any]] = {ORDERS[1]: self.probability, ORDERS[2]: self.difference}
        keys |= {AS_ASSIGNED: self.lab.place, **self.figures}
        key = keys.get(order)
        return np.arange(len(rows)) if key is None else np.argsort(key[rows], kind="stable")

    def step(self, step: int) -> Iterable[int]:
        """Positions after (`step` 1) or before (-1) the current one that may be shown, nearest first."""
        failed_too = self.selection.only == "failed"
        positions = np.flatnonzero(np.ones(len(self.order), bool) if failed_too else self.showable[self.order])
        ahead = positions[positions > self.position] if step > 0 else positions[positions < self.position][::-1]
        # Checked again one by one, because more is known about the next ones with each that is read.
        return (int(position) for position in ahead if failed_too or self.showable[self.order[position]])

    def counts(self) -> dict[str, int]:
        """Numbers of specimens of the selection: "all", and by this reviewer's decision."""
        mine = self.mine[self.order]
        decided = {decision: int((mine == code).sum()) for decision, code in _CODES.items() if decision}
        return decided | {"all": len(self.order)}

    def take_figures(self, table: pd.DataFrame) -> list[str]:
        """Add figures of specimens, such as those of an evaluation, as orders of the queue; returns the new orders.

        Parameters
        ----------
        table : DataFrame
            `image_id` and columns of numbers. Several rows of one specimen are averaged; if there is a column `map`,
            only its rows of "finer_cam" are used.
        """
        if "map" in table and (table["map"] == "finer_cam").any():
            table = table[table["map"] == "finer_cam"]
        means = table.groupby("image_id").mean(numeric_only=True).reindex(self.ids)
        names = [f"{name}, smallest first" for name in means.columns]
        self.figures |= {name: means[column].to_numpy(float) for name, column in zip(names, means.columns, strict=True)}
        return names

    @property
    def pending(self) -> int:
        """Number of specimens known to have no map yet."""
        return int((self.status == Status.PENDING).sum())

    @property
    def scored(self) -> float:
        """Share of the specimens whose scores were read."""
        return float((self.status != UNKNOWN).mean()) if len(self.ids) else 1.0
