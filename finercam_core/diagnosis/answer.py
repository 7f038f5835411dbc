"""`findings`: what tells two species apart, from a finished store."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Protocol as TypedCall

import numpy as np

from finercam_core.diagnosis.comparison import PairComparison, compare_cells, compare_parts
from finercam_core.diagnosis.findings import (
    BY_CELLS,
    BY_MASKS,
    WORDS,
    CausalEffect,
    PairAnswer,
    Place,
    PlaceFinding,
    PlaceTest,
    WitnessCount,
)
from finercam_core.diagnosis.held_out import Witnesses, witnesses
from finercam_core.diagnosis.places import SpeciesPlaces, by_cell, by_part
from finercam_core.diagnosis.rule import LEVEL, OUTSIDE_SHARE, passes_statistics, reasons_against, word_for
from finercam_core.errors import ComparisonError
from finercam_core.parts import AUTO
from finercam_core.regions.traits import Trait, traits_of
from finercam_core.store import Store

OTHER_PAIRS = 40  # pairs of other species from which the usual share of a place is taken
OTHER_PAIRS_IN_FRAME = 12  # the same where it takes photographs to place specimens


class Outcome(TypedCall):
    """Effects by place, and the passes that they took: `with_model.causal.CausalOutcome`."""

    @property
    def effects(self) -> Mapping[Place, CausalEffect]:
        """Effect of each place that was checked."""

    @property
    def passes(self) -> int:
        """Pictures that the classifier saw."""

    @property
    def left_out(self) -> Mapping[str, str]:
        """Specimens that could not be checked, with the reason."""

    @property
    def unmeasured(self) -> Mapping[Place, str]:
        """Places that could not be checked, with the reason."""


Check = Callable[[str, str, Sequence[str], Sequence[str], Sequence[PlaceTest]], Outcome]


@dataclass
class Diagnosis:
    """Answers about the pairs of a store; what was read of a species serves all its pairs.

    Parameters
    ----------
    store : Store
    by_parts : bool, optional
        Compare by named part, or by cell of the common frame; by default by part where the store has trait masks.
    check : callable, optional
        Causal check, `with_model.causal.causal_check`; without it nothing is *supported*.
    seed : int
        Of the permutations.
    split : str
        Specimens that are asked, by default those that the classifier never saw, see `held_out.witnesses`.
    i_know : bool
        Ask training images as well, where the split has them.
    """

    store: Store
    by_parts: bool | None = None
    check: Check | None = None
    seed: int = 0
    split: str = AUTO
    i_know: bool = False

    def __post_init__(self) -> None:
        """What was read so far, by species."""
        self._places: dict[str, SpeciesPlaces] = {}
        self._shares: dict[tuple[str, str], Callable[[Place], float] | None] = {}

    @cached_property
    def traits(self) -> tuple[Trait, ...]:
        """Named parts, () where specimens are compared by cell."""
        wanted = self.by_parts if self.by_parts is not None else True
        return traits_of(self.store) if wanted else ()

    @cached_property
    def asked(self) -> Witnesses:
        """The specimens that testify."""
        return witnesses(self.store, self.split, i_know=self.i_know)

    def places(self, species: str) -> SpeciesPlaces:
        """Evidence of a species' specimens by place.

        Raises
        ------
        ComparisonError
            If the store has no specimen of it that may testify.
        """
        if species not in self._places:
            rows = self.asked.of(species)
            if rows.empty:
                raise ComparisonError(
                    f"no specimen of {species} is among those asked: {self.asked.basis}", "see --split"
                )
            self._places[species] = (by_part if self.traits else by_cell)(self.store, rows)
        return self._places[species]

    def comparison(self, a: str, b: str) -> PairComparison:
        """Tests of all places of a pair; see `comparison`."""
        here, there = self.places(a), self.places(b)
        if self.traits:
            return compare_parts(here, there, self.traits, seed=self.seed)
        return compare_cells(here, there, seed=self.seed)

    def answer(self, a: str, b: str, *, agreement: Mapping[str, WitnessCount] | None = None) -> PairAnswer:
        """What tells A from B.

        Parameters
        ----------
        a, b : str
        agreement : mapping of place name to WitnessCount, optional
            From other classifiers, see `several.agreements`.

        Raises
        ------
        ComparisonError
            If the two were not compared with each other, or one has no usable specimen.
        """
        compared = self._with_usual(self.comparison(a, b))
        checked = self._checked(compared)
        known = agreement or {}
        found = [self._finding(test, compared, checked, known.get(test.place.name)) for test in compared.tests]
        return PairAnswer(
            a, b, compared.n_a, compared.n_b, self.asked.held_out, self.asked.by_lists, self.asked.basis,
            compared.told_apart, tuple(_ordered(found)), compared.smallest_p, self._aligned(a, b),
            checked.passes if checked is not None else 0,
            {**self.places(a).left_out, **self.places(b).left_out, **(checked.left_out if checked is not None else {})},
            {name: (self.places(name).predicted.count(name), len(self.places(name).predicted))
             for name in (a, b) if self.places(name).predicted},
        )  # fmt: skip

    def _finding(
        self, test: PlaceTest, compared: PairComparison, checked: Outcome | None, agreement: WitnessCount | None
    ) -> PlaceFinding:
        agreement = agreement or test.folds
        causal = checked.effects.get(test.place) if checked is not None else None
        unmeasured = checked.unmeasured.get(test.place, "") if checked is not None else ""
        against, missing = reasons_against(
            test, compared.told_apart, held_out=self.asked.held_out, densest=compared.densest, causal=causal,
            unmeasured=unmeasured, outside=_share_outside(compared), agreement=agreement,
        )  # fmt: skip
        outside = test.place.kind == "outside"
        if outside and test.share < OUTSIDE_SHARE:
            against.append(f"only {max(test.share, 0):.0%} of the separation lies outside the specimens")
        return PlaceFinding(test, word_for(against, missing), outside, (*against, *missing), causal, agreement)

    def _checked(self, compared: PairComparison) -> Outcome | None:
        """Causal effects of the places that passed the statistics."""
        if self.check is None or not compared.told_apart.p < LEVEL:
            return None
        chosen = [test for test in compared.tests if passes_statistics(test)]
        a, b = self.places(compared.a), self.places(compared.b)
        return self.check(compared.a, compared.b, a.image_ids, b.image_ids, chosen)

    def _with_usual(self, compared: PairComparison) -> PairComparison:
        """With the mean share that each place has in pairs of other species that are told apart."""
        others = [self._pair_shares(*pair) for pair in self._other_pairs(compared.a, compared.b)]
        known = [shares for shares in others if shares is not None]
        if not known:
            return compared
        means = [float(np.mean([shares(test.place) for shares in known])) for test in compared.tests]
        tests = (replace(test, usual=usual) for test, usual in zip(compared.tests, means, strict=True))
        return replace(compared, tests=tuple(tests))

    def _other_pairs(self, a: str, b: str) -> list[tuple[str, str]]:
        """Pairs with neither species that were compared both ways, spread evenly over the store."""
        pairs = [pair for pair in self.pairs if not {a, b} & set(pair)]
        most = OTHER_PAIRS if self.traits else OTHER_PAIRS_IN_FRAME
        return pairs[:: max(1, len(pairs) // most)][:most]

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """Pairs of species that were compared in both directions and have held-out specimens, sorted."""
        species = sorted(set(self.asked.rows["scientificName"]))
        compared = {name: set(self.store.classes(name)[1:]) for name in species}
        return [(a, b) for a in species for b in sorted(compared[a]) if a < b and a in compared.get(b, ())]

    def _pair_shares(self, a: str, b: str) -> Callable[[Place], float] | None:
        """Share of any place in the separation of a pair; None where that says nothing."""
        if (a, b) not in self._shares:
            try:
                compared = self.comparison(a, b)
            except ComparisonError:
                compared = None
            told = compared is not None and compared.told_apart.p < LEVEL
            self._shares[a, b] = partial(share_of, compared) if told and compared is not None else None
        return self._shares[a, b]

    def _aligned(self, a: str, b: str) -> str:
        if not self.traits:
            return BY_CELLS
        errors = {one.error for one in (self.places(a), self.places(b)) if one.carried}
        if not errors:
            return BY_MASKS
        carried = self.places(a).carried + self.places(b).carried
        known = not any(map(math.isnan, errors))
        error = f"{max(errors):.3f} of the root of the area" if known else "not measured: it takes two named specimens"
        return f"{BY_MASKS}; of {carried} specimens carried from others, landmark error {error}"


def _share_outside(compared: PairComparison) -> float:
    """Share of the separation that lies outside the specimens; 0 where that may be chance."""
    return max(
        (one.share for one in compared.tests if one.place.kind == "outside" and passes_statistics(one)), default=0.0
    )


def share_of(compared: PairComparison, place: Place) -> float:
    """Share of a place in the separation of any pair, 0 where it has no such place.

    A region of the frame has what the pair has in its cells.
    """
    if place.cells is None or compared.separation is None or compared.on_specimen is None:
        shares = (
            test.share for test in compared.tests if (test.place.name, test.place.kind) == (place.name, place.kind)
        )
        return float(np.nan_to_num(next(shares, 0.0)))
    outside = sum(test.evidence for test in compared.tests if test.place.kind == "outside")
    total = compared.separation[compared.on_specimen].sum() + outside
    return float(compared.separation[place.cells].sum() / total) if total > 0 else 0.0


def _ordered(found: list[PlaceFinding]) -> list[PlaceFinding]:
    """Best word first, then by effect, then by density; what lies outside the specimen after the characters."""

    def rank(one: PlaceFinding) -> tuple[bool, int, float, float]:
        effect = one.causal.exchange if one.causal is not None else 0.0
        return one.shortcut, WORDS.index(one.word), -effect, -float(np.nan_to_num(one.test.density, nan=-1))

    return sorted(found, key=rank)


def findings(store: Store, pair: tuple[str, str], *, check: Check | None = None) -> PairAnswer:
    """What tells the species of a pair apart, with the word for each finding.

    Parameters
    ----------
    store : Store
    pair : (str, str)
    check : callable, optional
        Causal check with the store's classifier, `finercam_core.diagnosis.with_model.causal.causal_check`.
    """
    return Diagnosis(store, check=check).answer(*pair)
