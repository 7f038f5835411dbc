"""The queue of specimens: which ones, in which order, how far. Columns of arrays, so that 60,000 feel like 60."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from finercam_core.review import Verdict
from finercam_core.status import Status

UNKNOWN = 255
LOW_CONFIDENCE = 0.5
ALL = "All specimens"
FILTERS = ("all", "unreviewed", "unsure", "disagreement", "low confidence", "failed")
ORDERS = ("as stored", "least certain first", "closest look-alike first")
_CODES = {"": 0, "accept": 1, "reject": 2, "unsure": 3}
_RANKS = ("family", "genus", "scientificName")
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Selection:
    """What is to be gone through.

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
        One of `ORDERS`, or of those that `Queue.take_figures` gave.
    """

    taxon: str = ""
    only: str = "all"
    trait: str = ""
    text: str = ""
    order: str = ORDERS[0]


class Queue:
    """Rows of a store, as one reviewer goes through them.

    Parameters
    ----------
    rows : DataFrame
        The listed specimens: image_id, scientificName, family, genus, vernacularName, group.
    reviewer : str

    Attributes
    ----------
    status : uint8 array (n,)
        `Status` codes, `UNKNOWN` until they were read.
    probability, difference : float32 arrays (n,)
        Probability of the species, and its score minus that of the closest look-alike; NaN until they were read.
    order : int array
        Rows of the selection; `position` is the place in it.
    """

    def __init__(self, rows: pd.DataFrame, reviewer: str) -> None:
        n = len(rows)
        self.rows = rows.reset_index(drop=True)
        self.reviewer = reviewer
        self.ids: npt.NDArray[np.object_] = self.rows["image_id"].to_numpy(object)
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
    def _number(self) -> pd.Index:
        return pd.Index(self.ids)

    @cached_property
    def _groups(self) -> dict[str, npt.NDArray[np.intp]]:
        found: dict[str, npt.NDArray[np.intp]] = self.rows.groupby("group").indices
        return found

    @cached_property
    def _searchable(self) -> pd.Series:
        names = self.rows.reindex(columns=["image_id", "scientificName", "vernacularName"], fill_value="").fillna("")
        return names["image_id"].str.cat([names["scientificName"], names["vernacularName"]], sep="\n").str.lower()

    def row_of(self, image_id: str) -> int:
        """Row of a specimen; KeyError if it is not listed."""
        return int(self._number.get_loc(image_id))

    @property
    def row(self) -> int:
        """Row of the specimen that is on."""
        return int(self.order[self.position])

    @property
    def image_id(self) -> str:
        """Id of the specimen that is on."""
        return str(self.ids[self.row])

    def take_scores(self, group: str, slots: dict[str, npt.NDArray[Any]]) -> None:
        """Take in what was read of a species: status, probability and difference, by slot."""
        at = self._groups.get(group)
        if at is None:
            return
        slot = self.rows["slot"].to_numpy()[at]
        inside = slot < len(slots["status"])
        at, slot = at[inside], slot[inside]
        self.status[at] = slots["status"][slot]
        self.probability[at] = slots["probability"][slot]
        self.difference[at] = slots["difference"][slot]

    def take_missing(self, group: str) -> None:
        """Note that a species' maps are not there at all."""
        self.status[self._groups.get(group, np.zeros(0, np.intp))] = Status.PENDING

    def take_verdicts(self, image_id: str, verdicts: Collection[Verdict]) -> None:
        """Take in the latest verdicts of all reviewers on a specimen."""
        try:
            row = self.row_of(image_id)
        except KeyError:  # it has left the catalog since
            return
        said = {verdict.reviewer: verdict.decision for verdict in verdicts}
        self.mine[row] = _CODES[said.get(self.reviewer, "")]
        self.disagreed[row] = len(set(said.values())) > 1
        traits = {region.trait for verdict in verdicts if verdict.decision == "accept" for region in verdict.regions}
        self.traits[row] = traits - {""}

    def taxa(self) -> list[tuple[str, str, int]]:
        """Families, genera and species with their rank and number of specimens, each rank in alphabetical order."""
        found: list[tuple[str, str, int]] = []
        for rank in _RANKS:
            counts = self.rows[rank].value_counts().sort_index()
            found += [(str(name), rank, int(count)) for name, count in counts.items() if name]
        return found

    def select(self, selection: Selection, *, stay: bool = False) -> None:
        """Make another selection; the position becomes its first specimen without a verdict of this reviewer.

        Parameters
        ----------
        selection : Selection
        stay : bool
            Keep the specimen that is on, if the selection has it.
        """
        before = self.row if stay and len(self.order) else -1
        self.selection = selection
        rows = np.flatnonzero(self._wanted(selection))
        self.order = rows[self._sorted(rows, selection.order)]
        kept = np.flatnonzero(self.order == before)
        self.position = int(kept[0]) if len(kept) else self.first_unreviewed()

    def first_unreviewed(self) -> int:
        """Place of the first specimen that can be shown and has no verdict of this reviewer, else 0."""
        open_ = (self.mine[self.order] == 0) & self.showable[self.order]
        return int(np.argmax(open_)) if open_.any() else 0

    @property
    def showable(self) -> Bools:
        """Specimens with maps, or of which nothing is known yet; bool (n,)."""
        can: Bools = (self.status == UNKNOWN) | (self.status == Status.DONE)
        return can

    def _wanted(self, selection: Selection) -> Bools:
        wanted = self._filter(selection.only)
        if selection.taxon:
            wanted = wanted & self._of_taxon(selection.taxon)
        if selection.trait:
            has = np.array([row for row, names in self.traits.items() if selection.trait in names], np.intp)
            wanted = wanted & np.isin(np.arange(len(self.ids)), has)
        if selection.text.strip():
            text = selection.text.strip().lower()
            wanted = wanted & self._searchable.str.contains(text, regex=False).to_numpy(bool)
        return wanted

    def _of_taxon(self, taxon: str) -> Bools:
        found = np.zeros(len(self.ids), bool)
        for rank in _RANKS:
            found |= (self.rows[rank] == taxon).to_numpy(bool)
        return found

    def _filter(self, only: str) -> Bools:
        failed: Bools = (self.status != UNKNOWN) & (self.status > Status.DONE)
        filters: dict[str, Bools] = {
            "all": ~failed,
            "unreviewed": (self.mine == 0) & ~failed,
            "unsure": self.mine == _CODES["unsure"],
            "disagreement": self.disagreed,
            "low confidence": self.probability < LOW_CONFIDENCE,
            "failed": failed,
        }
        return filters[only]

    def _sorted(self, rows: npt.NDArray[np.intp], order: str) -> npt.NDArray[np.intp]:
        """Positions that put rows in order; those without scores come last, as stored."""
        keys: dict[str, npt.NDArray[Any]] = {ORDERS[1]: self.probability, ORDERS[2]: self.difference, **self.figures}
        key = keys.get(order)
        return np.arange(len(rows)) if key is None else np.argsort(key[rows], kind="stable")

    def step(self, step: int) -> Iterable[int]:
        """Places behind (`step` 1) or before (-1) the current one that may be shown, nearest first."""
        show = np.ones(len(self.order), bool) if self.selection.only == "failed" else self.showable[self.order]
        places = np.flatnonzero(show)
        after = places[places > self.position] if step > 0 else places[places < self.position][::-1]
        # Looked at again one by one: what is read on the way tells more about the next ones.
        return (int(p) for p in after if self.selection.only == "failed" or self.showable[self.order[p]])

    def counts(self) -> dict[str, int]:
        """Number of specimens in the selection, and of those that this reviewer accepted, rejected, left unsure."""
        mine = self.mine[self.order]
        said = {name: int((mine == code).sum()) for name, code in _CODES.items() if name}
        return said | {"all": len(self.order)}

    def take_figures(self, table: pd.DataFrame) -> list[str]:
        """Take in figures of specimens, such as those of an evaluation, to put the queue in their order.

        Parameters
        ----------
        table : DataFrame
            `image_id` and columns of numbers. Of several rows of a specimen those of the map "finer_cam" count, if
            there is a column `map`, and their mean.

        Returns
        -------
        list of str, the new orders.
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
