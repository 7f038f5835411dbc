"""What a diagnosis says: places, what was measured at each, and the answer about a pair of species."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from finercam_core.diagnosis.alignment.frame import Mask

Word = Literal["supported", "suggested", "not supported"]
WORDS: tuple[Word, ...] = get_args(Word)
"""The best first."""
PlaceKind = Literal["part", "body", "outside", "region"]
BY_MASKS = "named parts of the trait masks"
BY_CELLS = "no parts are named: specimens were compared by place in one frame, as if photographed from the same side"


@dataclass(frozen=True)
class Place:
    """A place on specimens.

    Attributes
    ----------
    name : str
    kind : {"part", "body", "outside", "region"}
        A named part, the unlabelled body, what lies outside the specimen, or a region of the common frame.
    trait_id : int or None
        Of a part, as in masks.
    term : str
        Ontology term of a part, or "".
    cells : bool array (side, side), optional
        Of a region.
    """

    name: str
    kind: PlaceKind
    trait_id: int | None = None
    term: str = ""
    cells: Mask | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class PlaceTest:
    """What held-out specimens say about a place.

    Attributes
    ----------
    place : Place
    evidence, low, high : float
        Separation S of the two species at the place in logits, with its 95 % interval.
    share : float
        Of the whole separation.
    density : float
        Share by share of the specimen's area: 1 for evidence spread evenly over it; NaN outside.
    p : float
        Family-wise over all places of the pair.
    on : str
        The species whose specimens carry more of it.
    usual : float
        Mean share of the place in pairs of other species; NaN where it could not be measured.
    folds : WitnessCount, optional
        Of a cross-fitted classifier: in how many folds the place is dense, by the specimens and the head of each alone.
    """

    place: Place
    evidence: float
    low: float
    high: float
    share: float
    density: float
    p: float
    on: str
    usual: float = float("nan")
    folds: "WitnessCount | None" = None


@dataclass(frozen=True)
class CausalEffect:
    """What happens to the margin when a place is changed, beyond what the same change does elsewhere.

    Attributes
    ----------
    exchange, low, high : float
        Margin lost, in logits, when the other species' place is put in, less that of a matched place; 95 % interval.
    p : float
        One-sided, by sign flips over the specimens, Holm over the checked places of the pair.
    hiding : float
        Margin lost when the place is hidden, less that of a matched place, mean over the fills; NaN for what lies
        outside the specimen, which is not hidden.
    of_largest : float
        `exchange` as a share of the largest of the pair.
    n : int
        Specimens.
    """

    exchange: float
    low: float
    high: float
    p: float
    hiding: float
    of_largest: float
    n: int


@dataclass(frozen=True)
class WitnessCount:
    """In how many of the classifiers, folds or runs that were asked a finding is made: k of n."""

    k: int
    n: int
    of: str

    def __str__(self) -> str:
        return f"{self.k} of {self.n} {self.of}"


@dataclass(frozen=True)
class PlaceFinding:
    """One place of a pair with the word for it.

    Attributes
    ----------
    test : PlaceTest
    word : {"supported", "suggested", "not supported"}
    shortcut : bool
        Whether it is about what lies outside the specimen: never a character.
    reasons : tuple of str
        What is missing for a better word, or what makes it a shortcut.
    causal : CausalEffect, optional
    agreement : WitnessCount, optional
    q : float
        False discovery rate over many pairs; NaN for a pair that was asked alone.
    """

    test: PlaceTest
    word: Word
    shortcut: bool
    reasons: tuple[str, ...]
    causal: CausalEffect | None = None
    agreement: WitnessCount | None = None
    q: float = float("nan")


@dataclass(frozen=True)
class ToldApart:
    """How often held-out specimens score higher for their own species than for the other; 95 % interval and p."""

    right: int
    n: int
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class PairAnswer:
    """What tells species A from species B, how sure that is, and what speaks against it.

    Attributes
    ----------
    a, b : str
    n_a, n_b : int
        Specimens of each (individuals, not photographs).
    held_out : bool
    by_lists : bool
        Whether the classifier's own lists say so, and not only the catalog.
    basis : str
        Which specimens were asked, in words.
    told_apart : ToldApart
    findings : tuple of PlaceFinding
        Of every place that was tested, the most telling first.
    smallest_p : float
        The smallest p that so many specimens can give.
    aligned : str
        How specimens were compared: by named parts, or in one frame and by what it was found.
    passes : int
        Pictures that the classifier saw for the causal checks; 0 without.
    left_out : dict
        Specimens that could not be used, with the reason.
    among_all : dict of str to (int, int)
        Of each species, how many of its photographs the classifier takes for it among all species that it knows, and
        of how many; a species of which that is not known has no entry.
    """

    a: str
    b: str
    n_a: int
    n_b: int
    held_out: bool
    by_lists: bool
    basis: str
    told_apart: ToldApart
    findings: tuple[PlaceFinding, ...]
    smallest_p: float
    aligned: str
    passes: int = 0
    left_out: dict[str, str] = field(default_factory=dict)
    among_all: dict[str, tuple[int, int]] = field(default_factory=dict)

    def worded(self, word: Word, *, shortcut: bool = False) -> tuple[PlaceFinding, ...]:
        """Findings with a word: characters, or shortcuts."""
        return tuple(one for one in self.findings if one.word == word and one.shortcut == shortcut)
