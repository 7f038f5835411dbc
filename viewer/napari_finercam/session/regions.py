"""The regions of a specimen: the first follows the threshold, others are painted; each may belong to a trait."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from finercam_core.regions.outline import smooth
from finercam_core.regions.rle import RLE, decode, encode
from finercam_core.regions.shape import split
from finercam_core.regions.threshold import region
from finercam_core.regions.traits import Trait
from finercam_core.review import Region

Labels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
ThresholdKind = Literal["top", "value", "energy"]
THRESHOLD_KINDS: tuple[ThresholdKind, ...] = ("top", "value", "energy")
FIRST = 1
MAX_NUMBER = 99


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

    kind: ThresholdKind = "top"
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
class RegionProperties:
    """What a region is besides its pixels: its trait, and how it was made, as in `finercam_core.review.Region`."""

    trait: str = ""
    uberon: str = ""
    source: str = "threshold"
    threshold: dict[str, float] = field(default_factory=dict)
    smoothing: float = 0.0


Snapshot = tuple[bytes, dict[int, RegionProperties]]


class NumberedRegions:
    """Numbered regions of one specimen; a pixel belongs to one of them at most.

    Parameters
    ----------
    shape : (int, int)
        Height and width of the picture.

    Attributes
    ----------
    labels : uint8 array (height, width)
        Number of the region at each pixel, 0 outside all.
    properties : dict of int to RegionProperties
        By the number of the region.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.labels: Labels = np.zeros(shape[:2], np.uint8)
        self.properties: dict[int, RegionProperties] = {FIRST: RegionProperties()}

    @property
    def follows(self) -> bool:
        """Whether the first region still follows the threshold."""
        return FIRST in self.properties and self.properties[FIRST].source == "threshold"

    @property
    def mask(self) -> Mask:
        """All regions together."""
        return self.labels > 0

    @property
    def edited(self) -> bool:
        """Whether a person did more than move a threshold."""
        return len(self.properties) != 1 or any(
            region.source == "painted" or region.trait for region in self.properties.values()
        )

    def cut(self, values: npt.NDArray[np.float32], threshold: Threshold) -> None:
        """Cut the first region from a map, unless it was painted; others stay as they are and keep their pixels."""
        if not self.follows:
            return
        limits, radius = threshold.limits(values), threshold.radius(self.labels.shape)
        # A map without positive values has no value to cut at, and no region.
        positive = limits.get("value", 1.0) > 0
        mask = smooth(region(values, **limits), radius) if positive else np.zeros(values.shape, bool)
        if len(self.properties) == 1:
            self.labels = mask.view(np.uint8)
        else:
            others = np.where(self.labels == FIRST, 0, self.labels)
            self.labels = np.where(mask & (others == 0), np.uint8(FIRST), others).astype(np.uint8)
        self.properties[FIRST] = replace(self.properties[FIRST], threshold=limits, smoothing=radius)

    def paint(self, labels: npt.NDArray[np.integer]) -> bool:
        """Take regions as a person left them; returns whether that changed anything."""
        after = np.minimum(labels, MAX_NUMBER).astype(np.uint8)
        changed = after != self.labels
        if not changed.any():
            return False
        for number in np.union1d(self.labels[changed], after[changed]):
            if number:
                earlier = self.properties.get(int(number), RegionProperties())
                self.properties[int(number)] = replace(earlier, source="painted")
        self.labels = after
        return True

    def add(self) -> int:
        """Begin another region, empty; returns its number."""
        number = min(max(self.properties, default=0) + 1, MAX_NUMBER)
        self.properties[number] = RegionProperties(source="painted")
        return number

    def remove(self, number: int) -> None:
        """Remove a region; the first one becomes empty instead, and stays so until `follow`."""
        self.labels = np.where(self.labels == number, np.uint8(0), self.labels)
        if number == FIRST:
            self.properties[FIRST] = RegionProperties(source="painted")
        else:
            self.properties.pop(number, None)

    def follow(self) -> None:
        """Let the first region follow the threshold again."""
        self.labels = np.where(self.labels == FIRST, np.uint8(0), self.labels)
        earlier = self.properties.get(FIRST, RegionProperties())
        self.properties[FIRST] = RegionProperties(earlier.trait, earlier.uberon)

    def divide(self) -> int:
        """Make each connected part of the first region a region of its own; returns their number."""
        parts = split(self.labels == FIRST)
        count, first = int(parts.max()), self.properties.get(FIRST, RegionProperties())
        labels = np.where(self.labels == FIRST, np.uint8(0), self.labels)
        for part in range(1, count + 1):
            number = FIRST if part == 1 else max(self.properties) + 1
            labels[parts == part] = number
            self.properties[number] = replace(first, source="painted")
        self.labels = labels
        return count

    def assign(self, number: int, trait: Trait | None) -> None:
        """Set the trait that a region belongs to, None for none."""
        name, term = ("", "") if trait is None else (trait.name, trait.uberon)
        earlier = self.properties.get(number, RegionProperties(source="painted"))
        self.properties[number] = replace(earlier, trait=name, uberon=term)

    def records(self) -> tuple[Region, ...]:
        """The regions that have pixels, as verdicts and drafts keep them."""
        masks = ((number, self.labels == number) for number in sorted(self.properties))
        return tuple(_record(encode(mask), self.properties[number]) for number, mask in masks if mask.any())

    def records_without_masks(self) -> dict[int, Region]:
        """The regions as `records` returns them, by number, without their pixels, which take time to encode."""
        return {
            number: _record(RLE(size=[0, 0], counts=""), properties) for number, properties in self.properties.items()
        }

    def take(self, records: Iterable[Region]) -> None:
        """Replace all by the regions of a verdict or a draft; those of another size are left out."""
        self.labels = np.zeros_like(self.labels)
        self.properties = {}
        for number, record in enumerate(records, FIRST):
            mask = decode(record.rle)
            if mask.shape == self.labels.shape:
                self.labels[mask] = number
                self.properties[number] = _properties(record)
        self.properties.setdefault(FIRST, RegionProperties(source="painted"))

    def snapshot(self) -> Snapshot:
        """The present state, to come back to; a few kilobytes."""
        return zlib.compress(self.labels.tobytes(), 1), dict(self.properties)

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a state."""
        flat = np.frombuffer(zlib.decompress(snapshot[0]), np.uint8)
        self.labels = flat.reshape(self.labels.shape).copy()
        self.properties = dict(snapshot[1])


def _record(rle: RLE, region: RegionProperties) -> Region:
    return Region(rle, region.trait, region.uberon, region.source, region.threshold, region.smoothing)


def _properties(record: Region) -> RegionProperties:
    return RegionProperties(record.trait, record.uberon, record.source, record.threshold, record.smoothing)
