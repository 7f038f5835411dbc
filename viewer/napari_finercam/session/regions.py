"""The regions of a specimen: one that follows the threshold, others painted; each may belong to a trait."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from finercam_core.regions.rle import RLE, decode, encode
from finercam_core.regions.threshold import region, smooth, split
from finercam_core.regions.traits import Trait
from finercam_core.review import Region

Labels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Kind = Literal["top", "value", "energy"]
KINDS: tuple[Kind, ...] = ("top", "value", "energy")
FIRST = 1
MOST = 99


@dataclass
class Threshold:
    """How the first region is cut from the map.

    Attributes
    ----------
    kind : {"top", "value", "energy"}
        Share of all pixels; share of the map's largest value; share of the map's positive sum.
    share : float
        In (0, 1].
    smoothing : float
        Radius of the outline's rounding, in thousandths of the picture's longer side.
    """

    kind: Kind = "top"
    share: float = 0.05
    smoothing: float = 0.0

    def limits(self, values: npt.NDArray[np.float32]) -> dict[str, float]:
        """Argument of `finercam_core.regions.threshold.region` for a map; a value is in the map's own unit."""
        largest = max(float(values.max()), 0.0)
        return {self.kind: self.share * largest if self.kind == "value" else self.share}

    def radius(self, shape: tuple[int, ...]) -> float:
        """Radius of the rounding in pixels."""
        return round(self.smoothing / 1000 * max(shape), 2)


@dataclass(frozen=True)
class Part:
    """One region: the trait it belongs to, and how it was made."""

    trait: str = ""
    uberon: str = ""
    source: str = "threshold"
    threshold: dict[str, float] = field(default_factory=dict)
    smoothing: float = 0.0


Snapshot = tuple[bytes, dict[int, Part]]


class Regions:
    """Numbered regions of one specimen; a pixel belongs to one of them at most.

    Parameters
    ----------
    shape : (int, int)
        Height and width of the picture.

    Attributes
    ----------
    labels : uint8 array (height, width)
        Number of the region at each pixel, 0 outside all.
    parts : dict of int to Part
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.labels: Labels = np.zeros(shape[:2], np.uint8)
        self.parts: dict[int, Part] = {FIRST: Part()}

    @property
    def follows(self) -> bool:
        """Whether the first region still follows the threshold."""
        return FIRST in self.parts and self.parts[FIRST].source == "threshold"

    @property
    def mask(self) -> Mask:
        """All regions together."""
        return self.labels > 0

    @property
    def edited(self) -> bool:
        """Whether a person did more than move a threshold."""
        return len(self.parts) != 1 or any(part.source == "painted" or part.trait for part in self.parts.values())

    def cut(self, values: npt.NDArray[np.float32], threshold: Threshold) -> None:
        """Cut the first region from a map, unless it was painted; others stay as they are and keep their pixels."""
        if not self.follows:
            return
        limits, radius = threshold.limits(values), threshold.radius(self.labels.shape)
        # A map without positive values has no value to cut at, and no region.
        some = limits.get("value", 1.0) > 0
        found = smooth(region(values, **limits), radius) if some else np.zeros(values.shape, bool)
        if len(self.parts) == 1:
            self.labels = found.view(np.uint8)
        else:
            others = np.where(self.labels == FIRST, 0, self.labels)
            self.labels = np.where(found & (others == 0), np.uint8(FIRST), others).astype(np.uint8)
        self.parts[FIRST] = replace(self.parts[FIRST], threshold=limits, smoothing=radius)

    def paint(self, labels: npt.NDArray[np.integer]) -> bool:
        """Take regions as a person left them; says whether that changed anything."""
        after = np.minimum(labels, MOST).astype(np.uint8)
        changed = after != self.labels
        if not changed.any():
            return False
        for number in np.union1d(self.labels[changed], after[changed]):
            if number:
                self.parts[int(number)] = replace(self.parts.get(int(number), Part()), source="painted")
        self.labels = after
        return True

    def add(self) -> int:
        """Begin another region, empty; returns its number."""
        number = max(self.parts, default=0) + 1
        self.parts[min(number, MOST)] = Part(source="painted")
        return min(number, MOST)

    def remove(self, number: int) -> None:
        """Take a region away; the first one becomes empty and stays so until `follow`."""
        self.labels = np.where(self.labels == number, np.uint8(0), self.labels)
        if number == FIRST:
            self.parts[FIRST] = Part(source="painted")
        else:
            self.parts.pop(number, None)

    def follow(self) -> None:
        """Let the first region follow the threshold again."""
        self.labels = np.where(self.labels == FIRST, np.uint8(0), self.labels)
        self.parts[FIRST] = Part(self.parts.get(FIRST, Part()).trait, self.parts.get(FIRST, Part()).uberon)

    def divide(self) -> int:
        """Make each connected part of the first region a region of its own; returns how many there are."""
        found = split(self.labels == FIRST)
        count, first = int(found.max()), self.parts.get(FIRST, Part())
        labels = np.where(self.labels == FIRST, np.uint8(0), self.labels)
        for part in range(1, count + 1):
            number = FIRST if part == 1 else max(self.parts) + 1
            labels[found == part] = number
            self.parts[number] = replace(first, source="painted")
        self.labels = labels
        return count

    def assign(self, number: int, trait: Trait | None) -> None:
        """Say which trait a region belongs to, None for none."""
        name, term = ("", "") if trait is None else (trait.name, trait.uberon)
        self.parts[number] = replace(self.parts.get(number, Part(source="painted")), trait=name, uberon=term)

    def records(self) -> tuple[Region, ...]:
        """The regions that have pixels, as verdicts and drafts keep them."""
        there = [number for number in sorted(self.parts) if (self.labels == number).any()]
        return tuple(_record(encode(self.labels == number), self.parts[number]) for number in there)

    def described(self) -> dict[int, Region]:
        """The regions as `records` gives them, by number and without their pixels, which take time to encode."""
        return {number: _record({}, part) for number, part in self.parts.items()}

    def take(self, records: Iterable[Region]) -> None:
        """Put regions of a verdict or a draft in place of what is there; those of another size are left out."""
        self.labels = np.zeros_like(self.labels)
        self.parts = {}
        for number, record in enumerate(records, FIRST):
            mask = decode(record.rle)
            if mask.shape == self.labels.shape:
                self.labels[mask] = number
                self.parts[number] = Part(
                    record.trait, record.uberon, record.source, record.threshold, record.smoothing
                )
        self.parts.setdefault(FIRST, Part(source="painted"))

    def snapshot(self) -> Snapshot:
        """State to come back to, a few kilobytes."""
        return zlib.compress(self.labels.tobytes(), 1), dict(self.parts)

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a state."""
        flat = np.frombuffer(zlib.decompress(snapshot[0]), np.uint8)
        self.labels = flat.reshape(self.labels.shape).copy()
        self.parts = dict(snapshot[1])


def _record(rle: RLE, part: Part) -> Region:
    return Region(rle, part.trait, part.uberon, part.source, part.threshold, part.smoothing)
