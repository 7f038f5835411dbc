"""What the page is told, as plain records: of the review, of a specimen, of a verdict. `viewer/web/src` reads them."""

from dataclasses import dataclass

from finercam_core.images.palette import Ramp
from finercam_core.regions.traits import Trait
from finercam_core.strengths import Weighting


@dataclass(frozen=True)
class Taxon:
    """A family, a genus or a species, with the number of its specimens."""

    name: str
    rank: str
    count: int


@dataclass(frozen=True)
class ReviewFacts:
    """What holds for the whole review; the page begins with the first of the filters and of the orders."""

    reviewer: str
    collection: str
    run: str
    method: str
    citation: str
    gamma: float
    comparedAt: float | None
    ramps: dict[str, Ramp]
    traits: tuple[Trait, ...]
    taxa: tuple[Taxon, ...]
    filters: tuple[str, ...]
    orders: tuple[str, ...]
    atlas: bool


@dataclass(frozen=True)
class QueueFacts:
    """A selection: the ids of its specimens, this reviewer's decisions as digits, and where to begin."""

    ids: tuple[str, ...]
    mine: str
    position: int
    pending: int


@dataclass(frozen=True)
class Runs:
    """A mask as COCO's plain run lengths; `size` is height, width."""

    size: tuple[int, int]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class MadeBy:
    """How a map was made."""

    gamma: float
    weighting: Weighting | str
    method: str
    references: tuple[str, ...]


@dataclass(frozen=True)
class RegionFacts:
    """A region of a draft or a verdict: as shown, and whole, to come back untouched if nobody changes it."""

    number: int
    trait: str
    uberon: str
    source: str
    top: float
    painted_share: float
    comparison: MadeBy | None
    shown: Runs
    whole: Runs


@dataclass(frozen=True)
class OtherVerdict:
    """What another reviewer decided; shown after one's own verdict, never before."""

    reviewer: str
    decision: str
    note: str
    regions: int


@dataclass(frozen=True)
class OpinionFacts:
    """One of the verdicts that an adjudicator decides between, with its regions to look at and to take.

    `revision` says which of that reviewer's verdicts it is: the decision names it again.
    """

    reviewer: str
    decision: str
    revision: int
    note: str
    regions: tuple[RegionFacts, ...]


@dataclass(frozen=True)
class SpecimenFacts:
    """Everything about a specimen that the page shows.

    `others` are the verdicts of other reviewers once one's own is given, `opinions` those that an adjudicator decides
    between; nobody gets both. `evidence` is base64 of float16 values, classes × height × width; `window` is in shares
    of the photograph; `problem` says what is missing, "" if nothing is.
    """

    image_id: str
    scientificName: str
    vernacularName: str
    family: str
    classes: tuple[str, ...]
    tiers: tuple[str, ...]
    evidence: str
    grid: tuple[int, int]
    logit: tuple[float, ...]
    logSumExp: float
    window: dict[str, float]
    size: tuple[int, int]
    shown: tuple[int, int]
    photographed: bool
    predicted: str
    probability: float
    credit: str
    problem: str
    decision: str
    note: str
    comparison: MadeBy | None
    regions: tuple[RegionFacts, ...]
    drafted: bool
    others: tuple[OtherVerdict, ...]
    opinions: tuple[OpinionFacts, ...]


@dataclass(frozen=True)
class Acknowledged:
    """A verdict that is on the disk."""

    image_id: str
    decision: str
    revision: int
    time: str
    key: str
    others: tuple[OtherVerdict, ...]


@dataclass(frozen=True)
class Changes:
    """Specimens whose verdicts changed since a count: ids and this reviewer's decisions as digits.

    `boot` is another one after the server started again; counts before that mean nothing then.
    """

    boot: str
    count: int
    ids: tuple[str, ...]
    mine: str
