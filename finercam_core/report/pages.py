"""What the pages of the atlas carry, as the templates read it."""

from collections.abc import Mapping
from dataclasses import dataclass

from finercam_core.evaluate.caveats import Caveat
from finercam_core.report.specimen_views import SpecimenView
from finercam_core.review.statistics.review_figures import ReviewFigures


@dataclass(frozen=True)
class SpeciesAccuracy:
    """How often the classifier is right on a species' judged specimens: a share with its 95 % interval, confusions."""

    n: int
    correct: int
    accuracy: float
    low: float
    high: float
    confusions: str


@dataclass(frozen=True)
class DenseTrait:
    """A trait of a pair with dense evidence, untested; `share` is in words, `on` the species that shows more of it."""

    trait: str
    share: str
    n: int
    on: str


@dataclass(frozen=True)
class Character:
    """A trait in the table of a pair: its share of the separation with interval, and its density."""

    trait: str
    uberon: str
    dense: bool
    share: float
    share_low: float
    share_high: float
    density: float
    on: str


@dataclass(frozen=True)
class TraitShare:
    """Mean share and density of a trait in the differences of a species from its references.

    `named` is False for what is outside the specimen, or on it without a label.
    """

    trait: str
    uberon: str
    named: bool
    share: float
    density: float


@dataclass(frozen=True)
class ReferenceRow:
    """A species that another is compared with, and why.

    `paged` says whether the pair has a page, `measured` whether its traits were measured: no dense trait is then a
    finding, otherwise it is none.
    """

    name: str
    why: str
    paged: bool
    measured: bool
    dense: tuple[DenseTrait, ...]


@dataclass(frozen=True)
class SpeciesFacts:
    """What is said of a species on the index and on its own page; `vernacular` may be empty."""

    name: str
    family: str
    vernacular: str
    accuracy: SpeciesAccuracy
    caveats: tuple[Caveat, ...]


@dataclass(frozen=True)
class Card:
    """A species on the index, with the address of a small photograph or ""."""

    facts: SpeciesFacts
    photo: str


@dataclass(frozen=True)
class FamilyGroup:
    """The species of a family on the index."""

    name: str
    cards: tuple[Card, ...]

    @property
    def with_caveats(self) -> int:
        """How many of them have a caveat."""
        return sum(bool(card.facts.caveats) for card in self.cards)


@dataclass(frozen=True)
class IndexPage:
    """All species by family, and the number of notes on specimens that could not be judged.

    `opened` says whether the families are shown with their species: of many species one would scroll for ever.
    `reviewed` says whether there is a page about the review.
    """

    families: tuple[FamilyGroup, ...]
    species: int
    left_out: int
    opened: bool
    reviewed: bool = False
    views: tuple[SpecimenView, ...] = ()


@dataclass(frozen=True)
class SpeciesPage:
    """One species: its specimens, its references and why, its traits."""

    facts: SpeciesFacts
    references: tuple[ReferenceRow, ...]
    specimens: tuple[SpecimenView, ...]
    traits: tuple[TraitShare, ...]

    @property
    def views(self) -> tuple[SpecimenView, ...]:
        """Specimens with maps on the page."""
        return self.specimens


@dataclass(frozen=True)
class PairSide:
    """One species of a pair: its specimens compared with the other, where it was compared in this direction."""

    name: str
    other: str
    compared: bool
    specimens: tuple[SpecimenView, ...]


@dataclass(frozen=True)
class PairPage:
    """Two species, each compared with the other; `told_apart` is a share of the `n` specimens of both."""

    a: str
    b: str
    why: str
    sides: tuple[PairSide, PairSide]
    dense: tuple[DenseTrait, ...]
    characters: tuple[Character, ...]
    told_apart: float
    n: int
    caveats: tuple[Caveat, ...]

    @property
    def views(self) -> tuple[SpecimenView, ...]:
        """Specimens with maps on the page."""
        return self.sides[0].specimens + self.sides[1].specimens


@dataclass(frozen=True)
class AtlasFacts:
    """What stands on every page: how the atlas was made."""

    collection: str
    model: str
    target_layer: str
    weights_sha256: str
    method: str
    gamma: float
    above: str
    grid: tuple[int, int]
    judged: str
    judged_on: str
    traits: str
    intervals: str
    faithfulness: str
    difference: tuple[str, ...]
    not_measured: Mapping[str, str]
    tables: str
    run: str
    created: str
    version: str

    @property
    def citation(self) -> str:
        """How the atlas is cited."""
        return (
            f"Atlas of {self.collection}, run {self.run}, {self.created[:10]}, made with finercam {self.version}. "
            "The method: Zhang et al., Finer-CAM, CVPR 2025, arXiv 2501.11309."
        )


@dataclass(frozen=True)
class ReviewersPage:
    """Who judged what, and how far they agree."""

    figures: ReviewFigures
    sentences: tuple[str, ...]
    views: tuple[SpecimenView, ...] = ()


Page = IndexPage | SpeciesPage | PairPage | ReviewersPage
