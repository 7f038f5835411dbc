"""Verdicts of reviewers: append-only, so that two of them never lose anything, and a crash costs one act at most."""

import json
import os
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from finercam_core.errors import ReviewError
from finercam_core.rle import RLE
from finercam_core.store.files import Files
from finercam_core.store.layout import REVIEWS

Decision = Literal["accept", "reject", "unsure", ""]


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
        ``{"top": 0.05}`` or another of `finercam_core.regions.region`.
    """

    rle: RLE
    trait: str = ""
    uberon: str = ""
    source: str = "threshold"
    threshold: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What one reviewer said about one specimen under one comparison, at one time.

    A verdict is never changed: a later one with the same specimen, reviewer and comparison and a higher `revision`
    takes its place. `decision` "" takes the verdict back.
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
        if self.decision not in get_args(Decision):
            raise ReviewError(f"unknown decision {self.decision!r}", "use accept, reject or unsure")
        if not self.reviewer:
            raise ReviewError("the verdict has no reviewer", "give a name with --reviewer")


class ReviewLog:
    """Appends one reviewer's verdicts to a file of its own in the store.

    Parameters
    ----------
    location : str or Path
        The store, on a local disk.
    reviewer : str
    """

    def __init__(self, location: str | Path, reviewer: str) -> None:
        local = Files(location).local
        if local is None:
            raise ReviewError(f"{location} is not on this machine's disk", "copy the store, or mount it, to review it")
        plain = re.sub(r"[^\w\-]+", "_", reviewer)[:60] or "reviewer"
        self.path = local / REVIEWS / f"{plain}-{uuid.uuid4().hex[:8]}.jsonl"
        self.reviewer = reviewer

    def append(self, verdict: Verdict) -> Verdict:
        """Write a verdict to the disk before returning; gives it back with its time.

        Raises
        ------
        ReviewError
            If it cannot be written.
        """
        stamped = replace(verdict, time=datetime.now(UTC).isoformat(timespec="microseconds"))
        line = json.dumps(asdict(stamped), ensure_ascii=False).encode() + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ReviewError(f"{self.path} cannot be written: {error.strerror}", "free or unlock the disk") from error
        return stamped


def read_verdicts(location: str | Path) -> list[Verdict]:
    """All verdicts in a store, of all reviewers, in the order of their times.

    A last line that a crash cut off is left out; any other unreadable line is an error.

    Raises
    ------
    ReviewError
    """
    files = Files(location)
    found = [verdict for name in files.names(REVIEWS) if name.endswith(".jsonl")
             for verdict in _parse(name, files.read(name))]  # fmt: skip
    return sorted(found, key=lambda verdict: verdict.time)


def _parse(name: str, content: bytes) -> Iterable[Verdict]:
    lines = content.split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _verdict(json.loads(line))
        except (ValueError, TypeError, KeyError) as error:
            if number == len(lines):  # no line break behind it: the writer was stopped in the middle
                return
            raise ReviewError(f"line {number} of {name} is not a verdict: {error}", "mend or remove it") from error


def _verdict(values: dict[str, Any]) -> Verdict:
    comparison = Comparison(**{**values["comparison"], "references": tuple(values["comparison"]["references"])})
    regions = tuple(Region(**part) for part in values["regions"])
    return Verdict(**{**values, "comparison": comparison, "regions": regions})


def latest(verdicts: Sequence[Verdict]) -> dict[tuple[str, str], Verdict]:
    """The last verdict of each reviewer on each specimen that was not taken back, by (image_id, reviewer)."""
    last: dict[tuple[str, str], Verdict] = {}
    for verdict in sorted(verdicts, key=lambda v: (v.time, v.revision)):
        last[verdict.image_id, verdict.reviewer] = verdict
    return {key: verdict for key, verdict in last.items() if verdict.decision}
