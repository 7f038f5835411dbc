"""A pair of species from the evidence of their held-out specimens: separation and tests at every place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation
from scipy.stats import binomtest

from finercam_core.diagnosis.alignment.frame import COARSE, Mask
from finercam_core.diagnosis.alignment.frame_regions import frame_regions, region_name
from finercam_core.diagnosis.findings import Place, PlaceTest, ToldApart, WitnessCount
from finercam_core.diagnosis.places import SpeciesPlaces
from finercam_core.diagnosis.rule import DENSE, LEVEL
from finercam_core.diagnosis.statistics.permutation import permutation_test
from finercam_core.diagnosis.statistics.separation import Separation, separation
from finercam_core.errors import ComparisonError
from finercam_core.evaluate.traits.cover import OUTSIDE, UNLABELLED
from finercam_core.parts import NO_FOLD
from finercam_core.regions.traits import Trait

Floats = npt.NDArray[np.float64]
ON_SPECIMEN = 0.25  # share of the specimens that must cover a cell of the frame for it to be tested


@dataclass(frozen=True)
class PairComparison:
    """Tests of all places of a pair.

    Attributes
    ----------
    a, b : str
    n_a, n_b : int
        Individuals.
    tests : tuple of PlaceTest
        Densest first; what lies outside the specimen last.
    told_apart : ToldApart
    smallest_p : float
    separation : float64 array (side, side), optional
        S in the cells of the frame, where these were compared.
    on_specimen : bool array (side, side), optional
    """

    a: str
    b: str
    n_a: int
    n_b: int
    tests: tuple[PlaceTest, ...]
    told_apart: ToldApart
    smallest_p: float
    separation: Floats | None = None
    on_specimen: Mask | None = None

    @property
    def densest(self) -> float:
        """Density of the densest significant place on the specimens; 0 without one."""
        return max(
            (one.density for one in self.tests if one.p < LEVEL and one.evidence > 0 and one.density > 0), default=0.0
        )


def by_individual(values: Floats, groups: Sequence[str]) -> Floats:
    """Means over the photographs of each individual; float64 (individuals, P), in the order of their first."""
    numbers: dict[str, int] = {}
    which = np.array([numbers.setdefault(group, len(numbers)) for group in groups], int)
    sums = np.zeros((len(numbers), values.shape[1]))
    np.add.at(sums, which, values)
    return sums / np.bincount(which, minlength=len(numbers))[:, None]


def differences(here: SpeciesPlaces, there: SpeciesPlaces) -> tuple[Floats, Floats]:
    """D = E_A - E_B of each individual of both species, float64 (a, P) and (b, P).

    Raises
    ------
    ComparisonError
        If either was not compared with the other, or has no usable specimen.
    """
    ab, ba = here.difference(there.species), there.difference(here.species)
    for own, other, found in ((here, there, ab), (there, here, ba)):
        if found is None and not len(own.values):
            reason = next(iter(own.left_out.values()), "none is in the split")
            raise ComparisonError(f"no held-out specimen of {own.species} can be used: {reason}", "see `finercam info`")
        if found is None:
            problem = f"{own.species} was not compared with {other.species}"
            raise ComparisonError(problem, "annotate with more references, or with each other as references")
    return by_individual(_known(ab), here.groups), by_individual(-_known(ba), there.groups)


def _known(values: Floats | None) -> Floats:
    if values is None:
        raise TypeError("no values")
    return values


def compare_parts(
    here: SpeciesPlaces, there: SpeciesPlaces, traits: Sequence[Trait], *, seed: int = 0
) -> PairComparison:
    """Compare two species by named part; places as in `places.by_part`, parts that neither shows left out."""
    first, second = differences(here, there)
    places = [Place("outside the specimen", "outside", OUTSIDE), Place("unlabelled body", "body", UNLABELLED)]
    places += [Place(trait.name, "part", trait.id, trait.uberon) for trait in traits]
    area = (here.area.mean(0) + there.area.mean(0)) / 2
    shown = np.flatnonzero((area > 0) | (np.arange(len(area)) == 0))
    inner = shown[shown > 0]
    whole = separation(first, second)
    test = permutation_test(first[:, inner], second[:, inner], seed=seed)
    outer = permutation_test(first[:, :1], second[:, :1], seed=seed)
    total, tests = whole.value.sum(), []
    for k, p in [*zip(inner, test.p, strict=True), (0, outer.p[0])]:
        density = _part_density(whole.value, area, int(k)) if k else float("nan")
        tested = _tested(places[k], whole, int(k), float(p), total, density, (here, there), first, second)
        folds = in_folds((here, there), first, second, partial(_part_density, area=area, k=int(k))) if k else None
        tests.append(replace(tested, folds=folds))
    return _compared(here, there, first, second, tests, test.smallest)


def _part_density(values: Floats, area: Floats, k: int) -> float:
    """Density of part k of a separation (P,), the outside being the first part; NaN where the rest has nothing."""
    even = values[1:].sum() * area[k] / area[1:].sum()
    return float(values[k] / even) if even > 0 else float("nan")


def _region_density(values: Floats, inside: Mask, cells: npt.NDArray[np.intp]) -> float:
    """Density of a region of a separation (side² + 1,) against all tested cells."""
    even = values[cells].mean()
    return float(values[:-1][inside].mean() / even) if even > 0 else float("nan")


def in_folds(
    species: tuple[SpeciesPlaces, SpeciesPlaces], first: Floats, second: Floats, density: Callable[[Floats], float]
) -> WitnessCount | None:
    """In how many folds a place is denser than the rest, by that fold's specimens and head alone; None without folds.

    Parameters
    ----------
    species : pair of SpeciesPlaces
    first, second : float64 array (a, P), (b, P)
        D of each individual.
    density : callable
        Of a separation (P,), the density of the place.
    """
    own, others = (by_individual(np.array(one.folds, float)[:, None], one.groups)[:, 0] for one in species)
    numbers = sorted((set(own) & set(others)) - {float(NO_FOLD)})
    if len(numbers) < 2:
        return None
    dense = sum(density(first[own == k].mean(0) - second[others == k].mean(0)) > DENSE for k in numbers)
    return WitnessCount(dense, len(numbers), "folds")


def compare_cells(here: SpeciesPlaces, there: SpeciesPlaces, *, side: int = COARSE, seed: int = 0) -> PairComparison:
    """Compare two species by cell of the common frame; places as in `places.by_cell`."""
    first, second = differences(here, there)
    covered = ((here.area.mean(0) + there.area.mean(0)) / 2)[:-1] > ON_SPECIMEN
    # With the cells beside it: a map is not sharper, and what is evidence at the outline is about the specimen.
    on = binary_dilation(covered.reshape(side, side), np.ones((3, 3))).ravel()
    whole, cells = separation(first, second), np.flatnonzero(on)
    test = permutation_test(first[:, cells], second[:, cells], seed=seed)
    outer = permutation_test(first[:, -1:], second[:, -1:], seed=seed)
    p = np.ones(side * side)
    p[cells] = test.p
    body, grid = on.reshape(side, side), whole.value[:-1].reshape(side, side)
    total = whole.value[cells].sum() + whole.value[-1]
    tests: list[PlaceTest] = []
    for region in frame_regions(grid, (p < LEVEL).reshape(side, side), body):
        name = region_name(region, body)
        taken = sum(one.place.name.startswith(name) for one in tests)
        place = Place(name if not taken else f"{name} ({taken + 1})", "region", cells=region)
        inside = region.ravel()
        pooled = (values[:, :-1][:, inside].sum(1, keepdims=True) for values in (first, second))
        sums, others = pooled
        tested = _tested(place, separation(sums, others), 0, float(p[inside].min()), total,
                         _region_density(whole.value, inside, cells), (here, there), sums, others)  # fmt: skip
        counted = in_folds((here, there), first, second, partial(_region_density, inside=inside, cells=cells))
        tests.append(replace(tested, folds=counted))
    outside = Place("outside the specimen", "outside", OUTSIDE)
    tests.append(_tested(outside, whole, len(p), float(outer.p[0]), total, float("nan"), (here, there), first, second))
    result = _compared(here, there, first, second, tests, test.smallest)
    return replace(result, separation=grid, on_specimen=body)


def _tested(
    place: Place, whole: Separation, k: int, p: float, total: float, density: float,
    species: tuple[SpeciesPlaces, SpeciesPlaces], first: Floats, second: Floats,
) -> PlaceTest:  # fmt: skip
    # D is E_A - E_B throughout: a place speaks for A where it is high on A's specimens, for B where it is low on B's.
    on = species[0] if first[:, k].mean() >= -second[:, k].mean() else species[1]
    share = float(whole.value[k] / total) if total > 0 else float("nan")
    ends = float(whole.value[k]), float(whole.low[k]), float(whole.high[k])
    return PlaceTest(place, *ends, share, density, p, on.species)


def _compared(
    here: SpeciesPlaces, there: SpeciesPlaces, first: Floats, second: Floats, tests: list[PlaceTest], smallest: float
) -> PairComparison:
    order = sorted(tests, key=lambda one: (one.place.kind == "outside", -np.nan_to_num(one.density, nan=-np.inf)))
    return PairComparison(
        here.species, there.species, len(first), len(second), tuple(order), told_apart(here, there), smallest
    )


def told_apart(here: SpeciesPlaces, there: SpeciesPlaces) -> ToldApart:
    """How well the classifier tells two species' individuals apart by the sign of the margin between the two."""
    own = by_individual(here.margins(there.species)[:, None], here.groups)
    others = by_individual(-there.margins(here.species)[:, None], there.groups)
    right, n = int((own > 0).sum() + (others < 0).sum()), len(own) + len(others)
    interval = binomtest(right, n).proportion_ci(method="wilson")
    better = separation(own, others).value[0] > 0
    p = float(permutation_test(own, others).p[0]) if better else 1.0
    return ToldApart(right, n, float(interval.low), float(interval.high), p)
