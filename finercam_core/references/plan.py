"""Which species each species is compared with, and why: closest relatives first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from finercam_core.catalog import Catalog
from finercam_core.errors import ComparisonError, counted
from finercam_core.references import REFERENCES, ByTier, Classes, Policy
from finercam_core.taxonomy.ranks import TIERS, class_taxa

_BLOCK = 256  # rows
_CELLS = 1 << 23  # rows times candidates


@dataclass(frozen=True, slots=True)
class Reference:
    """A look-alike that a species is compared with.

    Attributes
    ----------
    scientificName : str
    tier : str
        One of `TIERS`: another subspecies of the same species, a species of the same genus, family, order, or none.
    similarity : float
        Cosine of the two classes' weights in the classifier's head, in [-1, 1]; NaN where it has none.
    reason : str
        Why it was chosen, in words: "congener, weight cosine 0.83", "patristic distance 12.4, confamilial" …
    """

    scientificName: str
    tier: str
    similarity: float
    reason: str = ""


@dataclass(frozen=True)
class ComparisonPlan:
    """The references of every species of a catalog.

    Attributes
    ----------
    chosen : mapping of str to tuple of Reference
        Closest first; a species that the classifier does not know is not in it.
    policy : mapping of str to JSON values
        How they were chosen, for the provenance.
    unknown : frozenset of str
        Species of the catalog that are not classes of the classifier.
    alone : tuple of str
        Species that have no relative at all among the classes, and are compared with unrelated ones.
    """

    chosen: Mapping[str, tuple[Reference, ...]]
    policy: Mapping[str, str | bool | int | list[str]]
    unknown: frozenset[str] = frozenset()
    alone: tuple[str, ...] = field(default=())

    def references(self, species: str) -> tuple[Reference, ...]:
        """References of a species, closest first; raises `ComparisonError` for one without a plan."""
        if species not in self.chosen:
            raise ComparisonError(f"{species!r} is not a class of the classifier", "train it on this species first")
        return self.chosen[species]


def plan_comparisons(
    catalog: Catalog,
    classes: Sequence[str],
    *,
    references: int = REFERENCES,
    weights: npt.ArrayLike | None = None,
    policy: Policy | None = None,
) -> ComparisonPlan:
    """Choose references for every species.

    Parameters
    ----------
    catalog : Catalog
        Its ranks tell who is related.
    classes : sequence of str
        Scientific names of the classifier's classes; only these can be references. Unnamed species (`sp.`, `cf.`,
        hybrids …) never are.
    references : int
        How many at most.
    weights : array (K, D), optional
        Rows of the classifier's head, for the cosine similarity.
    policy : Policy, optional
        What comes first, see `finercam_core.references`; where it has no opinion or ties, the order is by tier of
        relationship, then by weight cosine, then by name. `ByTier` by default.

    Returns
    -------
    ComparisonPlan

    Raises
    ------
    ComparisonError
        The weights do not fit the classes, or the policy cannot be used with them.
    """
    policy = ByTier() if policy is None else policy
    table = class_taxa(catalog.specimens, classes, scientific=catalog.names == "scientific")
    in_catalog = set(catalog.species)
    wanted = np.flatnonzero(table["scientificName"].isin(in_catalog).to_numpy(bool))
    if policy.settings.get("per_image"):
        return _ranks(table, in_catalog, policy, references)
    ranked = Classes(tuple(classes), _unit_rows(weights, len(classes)))
    policy.start(ranked)
    chosen: dict[str, tuple[Reference, ...]] = {}
    alone: list[str] = []
    for name, closest, has_relatives in _choose(table, ranked, policy, wanted, references):
        chosen[name] = closest
        alone += [] if has_relatives or not closest else [name]
    unknown = frozenset(in_catalog - set(classes))
    settings = {"count": references, **policy.settings}
    return ComparisonPlan(MappingProxyType(chosen), settings, unknown, tuple(alone))


def _ranks(table: pd.DataFrame, in_catalog: set[str], policy: Policy, count: int) -> ComparisonPlan:
    """A plan that leaves the choice to each image: ranks instead of names, and the classes that are never chosen."""
    names, referable = table["scientificName"], table["referable"].to_numpy(bool)
    ranks = range(1, 1 + min(count, max(0, int(referable.sum()) - 1)))
    by_rank = tuple(Reference(f"rank {rank}", "nearest logit", float("nan"), policy.reason(0)) for rank in ranks)
    chosen = {str(name): by_rank for name in names[names.isin(in_catalog)]}
    settings = {"count": count, **policy.settings, "never": [str(name) for name in names[~referable]]}
    return ComparisonPlan(MappingProxyType(chosen), settings, frozenset(in_catalog - set(chosen)))


def _unit_rows(weights: npt.ArrayLike | None, classes: int) -> npt.NDArray[np.float32] | None:
    if weights is None:
        return None
    rows = np.asarray(weights, np.float32)
    if len(rows) != classes:
        problem = f"{counted(len(rows), 'row')} of weights for {counted(classes, 'class', 'classes')}"
        raise ComparisonError(problem, "give the head's weights")
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(length, np.finfo(np.float32).tiny), np.float32)


def _choose(
    table: pd.DataFrame, classes: Classes, policy: Policy, wanted: npt.NDArray[np.intp], count: int
) -> Iterator[tuple[str, tuple[Reference, ...], bool]]:
    """References of each wanted class, and whether it has relatives, in blocks of rows to bound the memory."""
    names = table["scientificName"].to_numpy(object)
    # Candidates are in the order of their names: a stable sort then breaks ties by name.
    candidates = np.flatnonzero(table["referable"].to_numpy(bool))
    candidates = candidates[np.argsort(names[candidates].astype(str), kind="stable")]
    codes = [table[tier].to_numpy() for tier in TIERS[:-1]]
    near = _Relatives(codes, candidates) if isinstance(policy, ByTier) else None
    block = max(1, min(_BLOCK, _CELLS // max(1, len(candidates))))
    for start in range(0, len(wanted), block):
        rows = wanted[start : start + block]
        few = [row for row in rows if near is None or len(near.of(row)) <= count]
        for row in rows:
            if near is not None and len(own := near.of(row)) > count:
                yield from _ranked(names, codes, classes, policy, np.array([row]), own, count)
        yield from _ranked(names, codes, classes, policy, np.array(few, np.intp), candidates, count)


class _Relatives:
    """Candidates of a class's species, genus or family: where they are enough, by tier no other one is chosen."""

    def __init__(self, codes: Sequence[npt.NDArray[np.int64]], candidates: npt.NDArray[np.intp]) -> None:
        self._codes = codes[:3]
        self._members: list[dict[int, npt.NDArray[np.intp]]] = []
        for code in self._codes:
            groups = pd.Series(candidates).groupby(code[candidates], sort=False)
            self._members.append({int(key): rows.to_numpy(np.intp) for key, rows in groups})
        self._place = np.zeros(max(candidates, default=-1) + 1, np.intp)
        self._place[candidates] = np.arange(len(candidates))

    def of(self, row: np.intp) -> npt.NDArray[np.intp]:
        """Candidates, itself among them, in the order of all."""
        none = np.zeros(0, np.intp)
        found = [members.get(int(code[row]), none) for code, members in zip(self._codes, self._members, strict=True)]
        every = np.unique(np.concatenate(found))
        return every[np.argsort(self._place[every])]


def _ranked(
    names: npt.NDArray[np.object_], codes: Sequence[npt.NDArray[np.int64]], classes: Classes, policy: Policy,
    rows: npt.NDArray[np.intp], candidates: npt.NDArray[np.intp], count: int,
) -> Iterator[tuple[str, tuple[Reference, ...], bool]]:  # fmt: skip
    """References of some classes among some candidates."""
    tiers = np.full((len(rows), len(candidates)), len(TIERS) - 1, np.int8)
    for level, code in reversed(list(enumerate(codes))):
        tiers[code[candidates][None, :] == code[rows][:, None]] = level
    cosine = _cosines(classes.units, rows, candidates)
    first = policy.rank(rows, candidates)
    for i, row in enumerate(rows):
        others = candidates != row
        best = _closest(first[i], tiers[i], cosine[i], others, count, policy.exclusive)
        chosen = []
        for k in best:
            tier, similarity = TIERS[tiers[i, k]], float(cosine[i, k])
            reason = _reason(policy, first[i, k], tier, similarity)
            chosen.append(Reference(str(names[candidates[k]]), tier, similarity, reason))
        yield str(names[row]), tuple(chosen), bool((tiers[i][others] < len(TIERS) - 1).any())


def _cosines(
    units: npt.NDArray[np.float32] | None, rows: npt.NDArray[np.intp], candidates: npt.NDArray[np.intp]
) -> npt.NDArray[np.float32]:
    if units is None:
        return np.full((len(rows), len(candidates)), np.nan, np.float32)
    return np.asarray(units[rows] @ units[candidates].T, np.float32)


def _reason(policy: Policy, value: float, tier: str, cosine: float) -> str:
    similar = "" if np.isnan(cosine) else f"weight cosine {cosine:.2f}"
    return ", ".join(part for part in (policy.reason(float(value)), tier, similar) if part)


def _closest(
    first: npt.NDArray[np.float64],
    tiers: npt.NDArray[np.int8],
    cosine: npt.NDArray[np.float32],
    others: npt.NDArray[np.bool_],
    count: int,
    exclusive: bool,
) -> npt.NDArray[np.intp]:
    """Positions of the closest candidates: by the policy, then tier, then falling cosine, then position."""
    allowed = others & np.isfinite(first) if exclusive and np.isfinite(first[others]).any() else others
    positions = np.flatnonzero(allowed)
    count = min(count, len(positions))
    if count < 1:
        return np.zeros(0, np.intp)
    first = first[positions]
    distance = np.where(np.isnan(cosine), 0, 1 - cosine.astype(np.float64)).clip(0, 2)
    second = (4.0 * tiers + distance)[positions]  # tiers count more than any distance
    limit = np.partition(first, count - 1)[count - 1]
    closer, tied = np.flatnonzero(first < limit), np.flatnonzero(first == limit)
    places_left = count - len(closer)
    near = tied[second[tied] <= np.partition(second[tied], places_left - 1)[places_left - 1]]
    shortlist = np.sort(np.concatenate([closer, near]))
    order = np.lexsort((shortlist, second[shortlist], first[shortlist]))
    best: npt.NDArray[np.intp] = positions[shortlist[order][:count]]
    return best
