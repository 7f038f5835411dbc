"""The causal check: whether the margin moves as a finding says when its place is exchanged, or hidden.

A finding that is bleed from a neighbour moves nothing itself: the receptive field sees the neighbour. So the place of
a specimen of the other species is put in, aligned and with a feathered edge, and the margin that this costs is compared
with what the same exchange costs at a place of the same shape elsewhere on the same specimen; in both directions. A
place keeps clear of denser places, so that a part does not take the credit of a mark that lies on it. Hiding the place,
with one of two fills in turn, is the second witness.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation
from scipy.stats import ttest_1samp

from finercam_core.diagnosis.alignment.carried_parts import NamedParts
from finercam_core.diagnosis.alignment.frame import Mask
from finercam_core.diagnosis.alignment.specimen_pictures import Pixels, SpecimenPicture
from finercam_core.diagnosis.findings import CausalEffect, Place, PlaceTest
from finercam_core.diagnosis.statistics.permutation import holm, sign_flip_test
from finercam_core.diagnosis.with_model import edits
from finercam_core.diagnosis.with_model.margins import PairMargins
from finercam_core.errors import FinercamError
from finercam_core.evaluate.traits.cover import UNLABELLED
from finercam_core.explain import Classifier
from finercam_core.explain.same_classifier import difference_from
from finercam_core.store import Store

PASSES = 200  # pictures per pair
MOST_PLACES = 6  # with more of them too few specimens would be left for each
_CLEAR = 3  # pixels that a place keeps from a denser one
_LEAST_PIXELS = 4
_LEAST_SPECIMENS = 5  # with fewer no sign flips give p < 0.05
_NO_LIKE = f"its effect was not measured: fewer than {_LEAST_SPECIMENS} specimens show it, and a like place elsewhere"
_EDITS = 4  # per place and specimen: exchanged and hidden, each with its control
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CausalOutcome:
    """What a check found.

    Attributes
    ----------
    effects : dict of Place to CausalEffect
    passes : int
        Pictures that the classifier saw.
    left_out : dict
        Specimens without a readable photograph, with the reason.
    unmeasured : dict of Place to str
        Places whose effect could not be measured, with the reason.
    """

    effects: dict[Place, CausalEffect]
    passes: int
    left_out: dict[str, str] = field(default_factory=dict)
    unmeasured: dict[Place, str] = field(default_factory=dict)


class CausalCheck:
    """Checks the places of a pair with the store's classifier.

    Parameters
    ----------
    store : Store
    classifier : Classifier
        The one that made the store.
    passes : int
        Pictures per pair at most.
    seed : int
        Of the donors and of the places of control.
    """

    def __init__(self, store: Store, classifier: Classifier, *, passes: int = PASSES, seed: int = 0) -> None:
        self.store, self.classifier, self.passes, self.seed = store, classifier, passes, seed
        self._pictures: dict[str, SpecimenPicture] = {}
        self._named = NamedParts(store)

    def __call__(
        self, a: str, b: str, of_a: Sequence[str], of_b: Sequence[str], tests: Sequence[PlaceTest]
    ) -> CausalOutcome:
        """Check places, the densest first.

        Parameters
        ----------
        a, b : str
        of_a, of_b : sequence of str
            Held-out specimens of both, by image_id.
        tests : sequence of PlaceTest
            At most `MOST_PLACES` of them are checked.
        """
        places = [test.place for test in tests[:MOST_PLACES]]
        if not places:
            return CausalOutcome({}, 0)
        beyond = {test.place: f"only the {MOST_PLACES} densest places are checked" for test in tests[MOST_PLACES:]}
        margins = PairMargins(self.classifier, a, b)
        rng = np.random.default_rng(self.seed)
        left_out: dict[str, str] = {}
        chosen = self._specimens(of_a, of_b, len(places))
        self._read({image_id for pair in chosen for image_id in pair[:3]}, left_out)
        specimens = [pair for pair in chosen if not {*pair[:3]} & set(left_out)]
        if not specimens:
            return CausalOutcome({}, 0, left_out, dict.fromkeys(places, "no photograph can be read"))
        rows = [self._changes(*pair, places, rng, margins, turn) for turn, pair in enumerate(specimens)]
        effects = _effects(places, np.array(rows))
        unmeasured = {place: _NO_LIKE for place in places if place not in effects} | beyond
        return CausalOutcome(effects, margins.passes, left_out, unmeasured)

    def _read(self, image_ids: Iterable[str], left_out: dict[str, str]) -> None:
        """Read specimens; those whose photographs cannot be read are added to `left_out` with the reason."""
        for image_id in sorted(image_ids):
            try:
                self._picture(image_id)
            except (FinercamError, OSError, ValueError) as error:
                left_out[image_id] = f"not in the causal check: {error}"

    def _specimens(self, of_a: Sequence[str], of_b: Sequence[str], places: int) -> list[tuple[str, str, str, int]]:
        """Specimens, each with a donor of the other species, another specimen of its own, and the sign of its margin.

        The other one of a species that has a single specimen is that specimen itself.
        """
        each = max(1, min(self.passes // (1 + _EDITS * places) // 2, len(of_a), len(of_b)))
        pairs: list[tuple[str, str, str, int]] = []
        for own, others, sign in ((of_a, of_b, 1), (of_b, of_a, -1)):
            for i in range(each):
                at, donor = i * len(own) // each, (i * len(others) // each + 1) % len(others)
                pairs.append((own[at], others[donor], own[(at + 1) % len(own)], sign))
        return pairs

    def _picture(self, image_id: str) -> SpecimenPicture:
        if image_id not in self._pictures:
            self._pictures[image_id] = self._named.picture(image_id)
        return self._pictures[image_id]

    def _changes(
        self, own: str, other: str, kin: str, sign: int, places: Sequence[Place], rng: np.random.Generator,
        margins: PairMargins, turn: int,
    ) -> list[tuple[float, float]]:  # fmt: skip
        """Margin that exchanging and hiding each place cost beyond its control; NaN where the specimen has no such."""
        target, donor = self._picture(own), self._picture(other)
        pictures: list[Pixels] = [target.pixels]
        at: list[int | None] = []
        for place, region in zip(places, own_regions(target, donor, places), strict=True):
            if place.kind == "outside":
                made = _other_ground(target, donor, self._picture(kin), region) if kin != own else []
            else:
                made = _edited(target, donor, region, rng, edits.FILLS[turn % 2])
            at.append(len(pictures) if made else None)
            pictures += made
        # Of a cross-fitted classifier the head that never saw this specimen.
        scores = sign * margins(pictures, int(self.store.row(own)["fold"]))
        lost = scores[0] - scores
        return [
            (np.nan, np.nan)
            if i is None
            else (lost[i] - lost[i + 1], np.nan if place.kind == "outside" else lost[i + 2] - lost[i + 3])
            for i, place in zip(at, places, strict=True)
        ]


def own_regions(target: SpecimenPicture, donor: SpecimenPicture, places: Sequence[Place]) -> list[Mask]:
    """Where each place is on the target, clear of the places before it, which are denser."""
    taken = np.zeros(target.labels.shape, bool)
    regions = []
    for place in places:
        if place.kind == "outside":
            regions.append(edits.outside_region(target, donor))
            continue
        if place.cells is not None:
            region = edits.cell_region(target, place.cells)
        else:
            region = edits.part_region(target, donor, UNLABELLED if place.trait_id is None else place.trait_id)
        regions.append(region & ~binary_dilation(taken, iterations=_CLEAR) if taken.any() else region)
        taken = taken | region
    return regions


def _edited(
    target: SpecimenPicture, donor: SpecimenPicture, region: Mask, rng: np.random.Generator, fill: str
) -> list[Pixels]:
    """The place exchanged, its control, the place hidden, and the control hidden.

    Nothing for a place that is too small, or that no place of the specimen is like: what an edit costs by itself is
    then not known.
    """
    control = edits.matched_region(region, target, rng) if region.sum() >= _LEAST_PIXELS else None
    if control is None:
        return []
    return [
        edits.exchanged(target, donor, region), edits.exchanged(target, donor, control),
        edits.hidden(target, region, fill), edits.hidden(target, control, fill),
    ]  # fmt: skip


def _other_ground(target: SpecimenPicture, donor: SpecimenPicture, kin: SpecimenPicture, region: Mask) -> list[Pixels]:
    """The other species' ground put in, and as its control that of another specimen of the same species.

    Nothing on the specimen is like its ground, so that no shape elsewhere can be the control, and it is not hidden.
    """
    own = edits.outside_region(target, kin)
    if min(region.sum(), own.sum()) < _LEAST_PIXELS:
        return []
    return [
        edits.exchanged(target, donor, region, aligned=False),
        edits.exchanged(target, kin, own, aligned=False),
    ]


def _effects(places: Sequence[Place], rows: Floats) -> dict[Place, CausalEffect]:
    """Effects over specimens: rows (n, places, 2)."""
    measured = {k: rows[np.isfinite(rows[:, k, 0]), k] for k in range(len(places))}
    known = [k for k, values in measured.items() if len(values) >= _LEAST_SPECIMENS]
    p = holm([sign_flip_test(measured[k][:, 0]) for k in known])
    largest = max((float(measured[k][:, 0].mean()) for k in known), default=0.0)
    effects = {}
    for k, adjusted in zip(known, p, strict=True):
        exchange, hiding = measured[k].T
        ends = ttest_1samp(exchange, 0).confidence_interval() if np.ptp(exchange) > 0 else (exchange[0], exchange[0])
        mean = float(exchange.mean())
        share = mean / largest if largest > 0 else 0.0
        effects[places[k]] = CausalEffect(
            mean, float(ends[0]), float(ends[1]), float(adjusted), float(np.mean(hiding)), share, len(exchange)
        )
    return effects


def causal_check(store: Store, classifier: Classifier, *, passes: int = PASSES, seed: int = 0) -> CausalCheck:
    """A check for `answer.findings`, if the classifier is the one that made the store.

    Raises
    ------
    FinercamError
        If it is another.
    """
    if difference := difference_from(store, classifier, unknown=True):
        problem = f"the classifier is not the one that the store was made with: {difference}"
        raise FinercamError(problem, "give the classifier that made the store")
    return CausalCheck(store, classifier, passes=passes, seed=seed)
