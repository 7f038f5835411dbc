"""Verdicts and what belongs to them, as frozen records and as the JSON in logs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from finercam_core.errors import ReviewError
from finercam_core.regions.rle import RLE

Decision = Literal["accept", "reject", "unsure", ""]
DECISIONS = get_args(Decision)


@dataclass(frozen=True)
class Comparison:
    """How the judged map was made.

    Attributes
    ----------
    gamma : float
    weighting : str
    method : str
        Base method.
    references : tuple of str
        What it is compared with.
    above : str
        Baseline of the map, see `finercam_core.baselines`; "none" also in logs of earlier versions.
    above_mean : float or None
        Where the baseline takes the map's own mean away: this mean, in units of the logit.
    """

    gamma: float
    weighting: str
    method: str
    references: tuple[str, ...]
    above: str = "none"
    above_mean: float | None = None


@dataclass(frozen=True)
class Region:
    """One region of a specimen.

    Attributes
    ----------
    rle : dict
        The mask at image resolution, COCO run-length encoding.
    trait : str
        Name of the trait it belongs to, "" for none.
    uberon : str
        The trait's term, such as "UBERON:2000251", or "".
    source : {"threshold", "snapped", "painted"}
        How it was made; "snapped" where its outline was drawn to the photograph's edges since, "painted" where a
        person changed the result.
    threshold : dict
        ``{"top": 0.05}`` or another of `finercam_core.regions.threshold.region`; a `value` is in units of the logit.
    smoothing : float
        Radius in pixels of `finercam_core.regions.outline.smooth`, 0 for none.
    comparison : Comparison, optional
        How the map was made that the region was cut from, or painted on; None in logs of earlier versions, where it is
        the verdict's.
    painted_share : float
        Share of its pixels that a person added, in [0, 1]; an estimate where added pixels were erased again.
    snapped : dict
        Settings of `finercam_core.regions.snap.snap`, the last time that it was applied; empty where it was not.
    number : int
        Its number among the reviewer's regions of the specimen, which it keeps; 0 in logs of earlier versions.
    """

    rle: RLE
    trait: str = ""
    uberon: str = ""
    source: str = "threshold"
    threshold: dict[str, float] = field(default_factory=dict)
    smoothing: float = 0.0
    comparison: Comparison | None = None
    painted_share: float = 0.0
    number: int = 0
    snapped: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What one reviewer decided about one specimen under one comparison, at one time.

    A verdict is never changed: a later one of the same reviewer on the same specimen, with a higher `revision`,
    replaces it. The `decision` "" retracts it.

    Attributes
    ----------
    image_id, scientificName, reviewer : str
    decision : {"accept", "reject", "unsure", ""}
    comparison : Comparison
    regions : tuple of Region
    note : str
    run : str
        Run of the store.
    revision : int
        Counts this reviewer's verdicts on the specimen, from 0.
    time : str
        UTC, ISO 8601 with microseconds; set when it is written.
    seconds : float, optional
        How long the specimen was looked at before this verdict, by a clock that is never put right; None where nobody
        measured it.
    key : str
        Given by a page to each verdict, so that one that arrives twice is taken in once; "" from the window.
    together : int
        How many specimens were judged at once, on the grid; 0 for one that was looked at by itself.
    emptied : bool
        Whether the reviewer left no region on the photograph; a verdict without regions that is not emptied, such as
        one without the photograph, knows of none.

    Raises
    ------
    ReviewError
        If the decision is unknown, or the reviewer has no name.
    """

    image_id: str
    scientificName: str
    reviewer: str
    decision: Decision
    comparison: Comparison
    regions: tuple[Region, ...] = ()
    note: str = ""
    run: str = ""
    revision: int = 0
    time: str = ""
    seconds: float | None = None
    key: str = ""
    together: int = 0
    emptied: bool = False

    def __post_init__(self) -> None:
        if self.decision not in DECISIONS:
            raise ReviewError(f"unknown decision {self.decision!r}", "use accept, reject or unsure")
        if not self.reviewer:
            raise ReviewError("the verdict has no reviewer", "give a name with --reviewer")

    @property
    def order(self) -> tuple[int, str]:
        """Sorts a reviewer's verdicts on a specimen: by revision, because clocks differ and are put right."""
        return self.revision, self.time


@dataclass(frozen=True)
class Opinion:
    """A verdict as an adjudication names it: whose it was, what it said, and which of theirs it was."""

    reviewer: str
    decision: Decision
    revision: int
    time: str


@dataclass(frozen=True)
class Adjudication(Verdict):
    """The verdict of a third person on a specimen that others disagree about: the last word for exports.

    Its fields are those of `Verdict`, and an earlier version of finercam reads it as the verdict of that person.

    Attributes
    ----------
    between : tuple of Opinion
        The verdicts that it decides between, two or more.
    number : int
        Counts the adjudications of a specimen, whoever gives them, from 1: clocks differ.
    kind : "adjudication"
        Tells it from a verdict in the log.
    """

    between: tuple[Opinion, ...] = ()
    number: int = 1
    kind: Literal["adjudication"] = "adjudication"


def region_from_json(values: Mapping[str, Any]) -> Region:
    """A region from a log; fields that a later version added are ignored."""
    known = _known(Region, values)
    if known.get("comparison") is not None:
        known["comparison"] = _comparison_from_json(known["comparison"])
    return Region(**known)


def verdict_from_json(values: Mapping[str, Any]) -> Verdict:
    """A verdict from a log; fields that a later version added are ignored.

    Raises
    ------
    KeyError, TypeError, ReviewError
        If a required field is missing or invalid.
    """
    comparison = _comparison_from_json(values["comparison"])
    regions = tuple(region_from_json(region) for region in values["regions"])
    if values.get("kind") != "adjudication":
        return Verdict(**{**_known(Verdict, values), "comparison": comparison, "regions": regions})
    between = tuple(Opinion(**_known(Opinion, opinion)) for opinion in values["between"])
    known = {**_known(Adjudication, values), "comparison": comparison, "regions": regions, "between": between}
    return Adjudication(**known)


def _comparison_from_json(values: Mapping[str, Any]) -> Comparison:
    known = _known(Comparison, values)
    return Comparison(**{**known, "references": tuple(known["references"])})


def _known(record: type[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    names = _NAMES[record]
    if values.keys() <= names:
        return dict(values)
    return {name: value for name, value in values.items() if name in names}


_RECORDS = (Comparison, Region, Verdict, Opinion, Adjudication)
_NAMES = {record: frozenset(attribute.name for attribute in fields(record)) for record in _RECORDS}
