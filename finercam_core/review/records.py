"""What a reviewer says, as frozen records and as the JSON that logs hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from finercam_core.errors import ReviewError
from finercam_core.regions.rle import RLE

Decision = Literal["accept", "reject", "unsure", ""]
DECISIONS = get_args(Decision)


@dataclass(frozen=True)
class Comparison:
    """How the map that was judged was made: γ, weighting, base method, and the references compared with."""

    gamma: float
    weighting: str
    method: str
    references: tuple[str, ...]


@dataclass(frozen=True)
class Region:
    """One region of a specimen.

    Attributes
    ----------
    rle : dict
        The mask at image resolution, COCO run-length encoding.
    trait : str
        Name of the trait it belongs to, "" if none was said.
    uberon : str
        The trait's term, such as "UBERON:2000251", or "".
    source : {"threshold", "painted"}
        How it was made; "painted" where a person changed the threshold's result.
    threshold : dict
        ``{"top": 0.05}`` or another of `finercam_core.regions.threshold.region`; a `value` is in units of the logit.
    smoothing : float
        Radius in pixels of `finercam_core.regions.threshold.smooth`, 0 for none.
    """

    rle: RLE
    trait: str = ""
    uberon: str = ""
    source: str = "threshold"
    threshold: dict[str, float] = field(default_factory=dict)
    smoothing: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """What one reviewer said about one specimen under one comparison, at one time.

    A verdict is never changed: a later one with the same specimen and reviewer and a higher `revision` takes its
    place. `decision` "" takes the verdict back.
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

    def __post_init__(self) -> None:
        if self.decision not in DECISIONS:
            raise ReviewError(f"unknown decision {self.decision!r}", "use accept, reject or unsure")
        if not self.reviewer:
            raise ReviewError("the verdict has no reviewer", "give a name with --reviewer")


def region_from_json(values: Mapping[str, Any]) -> Region:
    """Region as a log holds it; fields that a later version added are passed over."""
    return Region(**_known(Region, values))


def verdict_from_json(values: Mapping[str, Any]) -> Verdict:
    """Verdict as a log holds it; fields that a later version added are passed over.

    Raises
    ------
    KeyError, TypeError, ReviewError
        If a required field is missing or impossible.
    """
    made = _known(Comparison, values["comparison"])
    comparison = Comparison(**{**made, "references": tuple(made["references"])})
    regions = tuple(region_from_json(part) for part in values["regions"])
    return Verdict(**{**_known(Verdict, values), "comparison": comparison, "regions": regions})


def _known(kind: type[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    names = _NAMES[kind]
    if values.keys() <= names:
        return dict(values)
    return {name: value for name, value in values.items() if name in names}


_NAMES = {kind: frozenset(part.name for part in fields(kind)) for kind in (Comparison, Region, Verdict)}
