"""What each page of the atlas says, from a store and its evaluation."""

from functools import cached_property

import pandas as pd

from finercam_core.errors import StoreError
from finercam_core.evaluate.caveats import Caveat
from finercam_core.evaluate.results import EvaluationReport
from finercam_core.evaluate.traits.characters import share_in_words
from finercam_core.report.pages import (
    Card,
    Character,
    DenseTrait,
    FamilyGroup,
    IndexPage,
    PairPage,
    PairSide,
    ReferenceRow,
    SpeciesAccuracy,
    SpeciesFacts,
    SpeciesPage,
    TraitShare,
)
from finercam_core.report.specimen_views import SpecimenViews
from finercam_core.store import SpecimenRecord, Store

TIERS = {
    "conspecific": "a subspecies of the same species",
    "congener": "same genus",
    "confamilial": "same family",
    "ordinal": "same order",
    "unrelated": "no relation known, but scored most alike",
}
OPENED = 60  # species; with more of them the families of the index are folded
UNPLACED = "family not given"
PICTURED = 400  # species; with more of them the index has no photographs
BEST = 3  # dense traits of a pair that are worded


class PageContent:
    """Content of all pages.

    Parameters
    ----------
    store : Store
    figures : EvaluationReport
    views : SpecimenViews
    count : int
        Specimens on a species' page.

    Attributes
    ----------
    reviewed : bool
        Whether the atlas has a page about the review.
    """

    reviewed = False

    def __init__(self, store: Store, figures: EvaluationReport, views: SpecimenViews, count: int) -> None:
        self.store, self.figures, self.views, self.count = store, figures, views, count
        first = figures.specimens.drop_duplicates("image_id")
        self._ids = {str(k): sorted(v) for k, v in first.groupby("scientificName")["image_id"]}
        self._accuracy = {str(row.species): row for row in figures.accuracy.itertuples()}

    @property
    def species(self) -> list[str]:
        """Species with a page, sorted."""
        return sorted(self._ids)

    @cached_property
    def references(self) -> dict[str, list[tuple[str, str]]]:
        """References of each species with their tiers, in the order of the store."""
        references = {}
        for name in self.species:
            record = self._first_record(name)
            references[name] = [] if record is None else list(zip(record.classes[1:], record.tiers[1:], strict=True))
        return references

    def _first_record(self, name: str) -> SpecimenRecord | None:
        """The first specimen of a species whose maps can be read; the others are named with the reason."""
        for image_id in self._ids[name]:
            try:
                return self.store.record(image_id)
            except StoreError as error:
                self.views.unreadable[image_id] = str(error)
        return None

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """Pairs with a page, sorted: at least one is compared with the other, and both have specimens."""
        known = set(self._ids)
        pairs = {(min(a, b), max(a, b)) for a, refs in self.references.items() for b, _ in refs if b in known}
        return sorted(pairs)

    def index_page(self) -> IndexPage:
        """All species with their accuracy and caveats."""
        by_family: dict[str, list[Card]] = {}
        for name in self.species:
            facts = self._facts(name)
            by_family.setdefault(facts.family, []).append(Card(facts, self._thumbnail(name)))
        families = tuple(FamilyGroup(name or UNPLACED, tuple(by_family[name])) for name in sorted(by_family))
        opened = len(self.species) <= OPENED
        return IndexPage(families, len(self.species), len(self.figures.left_out), opened, self.reviewed)

    def species_page(self, name: str) -> SpeciesPage:
        """One species: specimens, references and why, traits, confusions."""
        references = tuple(
            ReferenceRow(
                other,
                TIERS.get(tier, tier),
                self._paged(name, other),
                len(self._pair(name, other)) > 0,
                self._dense(name, other),
            )
            for other, tier in self.references[name]
        )
        specimens = tuple(self.views.some(self._ids[name], self.count))
        return SpeciesPage(self._facts(name), references, specimens, self._traits(name))

    def pair_page(self, a: str, b: str) -> PairPage:
        """Two species, each compared with the other."""
        tier = dict(self.references[a]).get(b) or dict(self.references[b])[a]
        table = self._pair(a, b)
        return PairPage(
            a=a,
            b=b,
            why=TIERS.get(tier, tier),
            sides=(self._side(a, b), self._side(b, a)),
            dense=self._dense(a, b),
            characters=_characters(table),
            told_apart=float(table["told_apart"].iloc[0]) if len(table) else float("nan"),
            n=int(table["n"].iloc[0] + table["n_reference"].iloc[0]) if len(table) else 0,
            caveats=(*self._caveats(a), *self._caveats(b)),
        )

    def _facts(self, name: str) -> SpeciesFacts:
        row, figures = self.store.row(self._ids[name][0]), self._accuracy[name]
        accuracy = SpeciesAccuracy(
            figures.n, figures.correct, figures.accuracy, figures.low, figures.high, figures.confusions
        )
        return SpeciesFacts(name, str(row["family"]), str(row["vernacularName"]), accuracy, self._caveats(name))

    def _thumbnail(self, name: str) -> str:
        """A small photograph for the index, "" where there are too many species for one page or none can be read."""
        return self.views.small_photo(self._ids[name]) if len(self.species) <= PICTURED else ""

    def _caveats(self, name: str) -> tuple[Caveat, ...]:
        rows = self._by_species_caveats.get(name)
        return () if rows is None else tuple(Caveat(*map(str, row)) for row in rows.itertuples(index=False))

    @cached_property
    def _by_species_caveats(self) -> dict[str, pd.DataFrame]:
        return _parted(self.figures.caveats, "species", list(Caveat._fields))

    def _paged(self, a: str, b: str) -> bool:
        return (min(a, b), max(a, b)) in self._pair_set

    @cached_property
    def _pair_set(self) -> frozenset[tuple[str, str]]:
        return frozenset(self.pairs)

    def _side(self, name: str, other: str) -> PairSide:
        compared = other in dict(self.references[name])
        half = max(1, self.count // 2)
        return PairSide(
            name, other, compared, tuple(self.views.some(self._ids[name], half, [other]) if compared else ())
        )

    def _pair(self, a: str, b: str) -> pd.DataFrame:
        """Rows of a pair's characters that either species shows."""
        first, second = sorted((a, b))
        rows = self._by_species_characters.get(first)
        if rows is None:
            return self.figures.characters.iloc[:0]
        return rows[(rows["reference"] == second) & (rows["area"] > 0)]

    @cached_property
    def _by_species_characters(self) -> dict[str, pd.DataFrame]:
        return _parted(self.figures.characters, "species")

    def _dense(self, a: str, b: str) -> tuple[DenseTrait, ...]:
        table = self._pair(a, b)
        best = table[table["dense"]].head(BEST) if len(table) else table
        return tuple(
            DenseTrait(
                row.trait, share_in_words(row.share, row.share_low, row.share_high), row.n + row.n_reference, row.on
            )
            for row in best.itertuples()
        )

    def _traits(self, name: str) -> tuple[TraitShare, ...]:
        """Mean share of each trait in the differences of a species from its references, largest first."""
        own = self._by_species_traits.get(name)
        if own is None:
            return ()
        mean = own.groupby(["trait_id", "trait", "uberon"], as_index=False)[["share", "area", "density"]].mean()
        shown = mean[mean["area"] > 0].sort_values("share", ascending=False)
        return tuple(
            TraitShare(row.trait, row.uberon, row.trait_id > 0, row.share, row.density) for row in shown.itertuples()
        )

    @cached_property
    def _by_species_traits(self) -> dict[str, pd.DataFrame]:
        return _parted(self.figures.traits, "species")


def _parted(table: pd.DataFrame, column: str, columns: list[str] | None = None) -> dict[str, pd.DataFrame]:
    """A table by the values of a column, in one pass: a search for each page would take pages × rows."""
    if table.empty:
        return {}
    shown = list(table.columns) if columns is None else columns
    return {str(value): rows[shown] for value, rows in table.groupby(column, sort=False)}


def _characters(table: pd.DataFrame) -> tuple[Character, ...]:
    return tuple(
        Character(row.trait, row.uberon, row.dense, row.share, row.share_low, row.share_high, row.density, row.on)
        for row in table.itertuples()
    )
