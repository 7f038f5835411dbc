"""The numbered regions of a specimen: the first follows the threshold, others are painted; each may have a trait."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from finercam_core.errors import ReviewError
from finercam_core.regions.rle import RLE, encode_enlarged, placed
from finercam_core.regions.shape import split
from finercam_core.regions.traits import Trait
from finercam_core.review import Comparison, Region
from napari_finercam.session.regions.properties import RegionProperties, painted_share, properties_of
from napari_finercam.session.regions.threshold import Threshold

Labels = npt.NDArray[np.uint8]
FIRST = 1
MAX_NUMBER = 99


@dataclass(frozen=True)
class Snapshot:
    """A state of the regions, to come back to; a few kilobytes.

    Attributes
    ----------
    shape : (int, int)
        Height and width of the labels.
    box : tuple of two slices
        Part of them that holds all regions.
    packed : bytes
        The labels in it, compressed.
    properties : dict of int to RegionProperties
    unplaced : tuple of Region
    """

    shape: tuple[int, int]
    box: tuple[slice, slice]
    packed: bytes
    properties: dict[int, RegionProperties]
    unplaced: tuple[Region, ...]

    def labels(self) -> Labels:
        """The labels, uint8 (height, width)."""
        labels = np.zeros(self.shape, np.uint8)
        labels[self.box] = np.frombuffer(zlib.decompress(self.packed), np.uint8).reshape(labels[self.box].shape)
        return labels


class NumberedRegions:
    """Numbered regions of one specimen; a pixel belongs to one of them at most.

    Parameters
    ----------
    shape : (int, int)
        Height and width of the picture that is worked on.
    full : (int, int), optional
        Height and width of the photograph, where the picture is a smaller copy of it. Records have this size.
    photographed : bool
        Whether there is a photograph; without one nothing has a place.

    Attributes
    ----------
    labels : uint8 array (height, width)
        Number of the region at each pixel, 0 outside all.
    properties : dict of int to RegionProperties
        By the number of the region.
    unplaced : tuple of Region
        Regions of a verdict or a draft that cannot be shown, because the photograph is away or has other proportions
        than the one that they were drawn on. They are kept as they are.
    """

    def __init__(
        self, shape: tuple[int, ...], full: tuple[int, ...] | None = None, *, photographed: bool = True
    ) -> None:
        self.labels: Labels = np.zeros(shape[:2], np.uint8)
        self.properties: dict[int, RegionProperties] = {FIRST: RegionProperties()}
        self.unplaced: tuple[Region, ...] = ()
        self._full = (full or shape)[:2]
        self._photographed = photographed

    @property
    def follows(self) -> bool:
        """Whether the first region still follows the threshold."""
        return FIRST in self.properties and self.properties[FIRST].source == "threshold"

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """All regions together."""
        return self.labels > 0

    @property
    def edited(self) -> bool:
        """Whether a person did more than move a threshold."""
        return len(self.properties) != 1 or any(
            region.source == "painted" or region.trait for region in self.properties.values()
        )

    def cut(self, values: npt.NDArray[np.float32], threshold: Threshold, comparison: Comparison | None = None) -> None:
        """Cut the first region from a map, unless it was painted; others stay as they are and keep their pixels.

        Parameters
        ----------
        values : float32 array (height, width)
        threshold : Threshold
        comparison : Comparison, optional
            How the map is made.
        """
        if not self.follows:
            return
        mask = threshold.mask(values)
        if len(self.properties) == 1:
            self.labels = mask.view(np.uint8)
        else:
            others = np.where(self.labels == FIRST, 0, self.labels)
            self.labels = np.where(mask & (others == 0), np.uint8(FIRST), others).astype(np.uint8)
        self.properties[FIRST] = replace(
            self.properties[FIRST],
            threshold=threshold.limits(values),
            smoothing=threshold.radius(self._full),
            comparison=comparison,
            rle=None,
        )

    def paint(self, labels: npt.NDArray[np.integer], comparison: Comparison | None = None) -> bool:
        """Take regions as a person left them; returns whether that changed anything.

        Parameters
        ----------
        labels : integer array (height, width)
        comparison : Comparison, optional
            How the map on screen is made: regions that had none were painted on this one.
        """
        after = np.clip(labels, 0, MAX_NUMBER).astype(np.uint8)
        changed = after != self.labels
        if not changed.any():
            return False
        old, new = self.labels[changed], after[changed]
        for number in np.union1d(old, new):
            if number:
                self._repaint(int(number), int((new == number).sum()), int((old == number).sum()), comparison)
        self.labels = after
        return True

    def _repaint(self, number: int, added: int, erased: int, comparison: Comparison | None) -> None:
        earlier = self.properties.get(number, RegionProperties())
        share = painted_share(earlier.painted_share, int((self.labels == number).sum()), added, erased)
        self.properties[number] = replace(
            earlier,
            source="painted",
            comparison=earlier.comparison or comparison,
            painted_share=share,
            rle=None,
        )

    def _free_number(self) -> int:
        taken = {*self.properties, *(record.number for record in self.unplaced)}
        number = max(taken, default=0) + 1
        if number <= MAX_NUMBER:
            return number
        free = sorted(set(range(FIRST, MAX_NUMBER + 1)) - taken)
        if not free:
            raise ReviewError(f"a specimen has {MAX_NUMBER} regions at most", "remove one first")
        return free[0]

    def add(self) -> int:
        """Begin another region, empty; returns its number.

        Raises
        ------
        ReviewError
            If all numbers are taken.
        """
        number = self._free_number()
        self.properties[number] = RegionProperties(source="painted")
        return number

    def remove(self, number: int) -> None:
        """Remove a region; the first one becomes empty instead, and stays so until `follow`."""
        self.labels = np.where(self.labels == number, np.uint8(0), self.labels)
        if number == FIRST:
            self.properties[FIRST] = RegionProperties(source="painted")
        else:
            self.properties.pop(number, None)

    def drop_unplaced(self) -> None:
        """Give up the regions that have no place on the photograph."""
        self.unplaced = ()

    def follow(self) -> None:
        """Let the first region follow the threshold again."""
        self.labels = np.where(self.labels == FIRST, np.uint8(0), self.labels)
        earlier = self.properties.get(FIRST, RegionProperties())
        self.properties[FIRST] = RegionProperties(earlier.trait, earlier.uberon)

    def divide(self) -> int:
        """Make each connected part of the first region a region of its own; returns their number.

        Parts that are too small or too many for that (see `finercam_core.regions.shape.split`) stay together as one
        more region, so that no pixel is lost.
        """
        whole = self.labels == FIRST
        parts = split(whole)
        rest = whole & (parts == 0)
        if rest.any():
            parts[rest] = parts.max() + 1
        count, first = int(parts.max()), self.properties.get(FIRST, RegionProperties())
        labels = self.labels.copy()
        for part in range(1, count + 1):
            number = FIRST if part == 1 else self._free_number()
            labels[parts == part] = number
            self.properties[number] = replace(first, source="painted", rle=None)
        self.labels = labels
        return count

    def assign(self, number: int, trait: Trait | None) -> None:
        """Set the trait that a region belongs to, None for none."""
        name, term = ("", "") if trait is None else (trait.name, trait.uberon)
        earlier = self.properties.get(number, RegionProperties(source="painted"))
        self.properties[number] = replace(earlier, trait=name, uberon=term)

    def records(self, *, any_size: bool = False) -> tuple[Region, ...]:
        """The regions that have pixels, as verdicts and drafts keep them; those without a place come last.

        Parameters
        ----------
        any_size : bool
            Whether a region that nobody changed may keep the size of the photograph that it was drawn on, as in a
            draft: nothing of it is lost when that photograph comes back. A verdict is about the photograph as it is.
        """
        unplaced = {record.number for record in self.unplaced}
        found = []
        for number in sorted(self.properties):
            mask = self.labels == number
            if mask.any():
                kept = self.properties[number]
                rle = kept.rle
                if rle is None or not (any_size or tuple(rle["size"]) == self._full):
                    rle = encode_enlarged(mask, self._full)
                found.append(kept.record(self._free_number() if number in unplaced else number, rle))
        return (*found, *self.unplaced)

    def records_without_masks(self) -> dict[int, Region]:
        """The regions as `records` returns them, by number, without their pixels, which take time to encode."""
        return {
            number: region.record(number, RLE(size=[0, 0], counts="")) for number, region in self.properties.items()
        }

    def take(self, records: Iterable[Region], comparison: Comparison | None = None) -> None:
        """Replace all by the regions of a verdict or a draft.

        Those of a photograph of another size are placed by fractions of the picture; those that cannot be placed are
        kept in `unplaced`.

        Parameters
        ----------
        records : iterable of Region
        comparison : Comparison, optional
            Of the verdict, for regions of earlier versions, which have none of their own.
        """
        self.labels = np.zeros_like(self.labels)
        self.properties, unplaced = {}, []
        for position, record in enumerate(records, FIRST):
            number = record.number or position
            mask = placed(record.rle, self.labels.shape) if self._photographed else None
            if mask is None or not FIRST <= number <= MAX_NUMBER or number in self.properties:
                unplaced.append(replace(record, number=number))
                continue
            self.labels[mask] = number
            self.properties[number] = properties_of(record, comparison)
        self.unplaced = tuple(unplaced)
        self.properties.setdefault(FIRST, RegionProperties(source="painted"))

    def snapshot(self) -> Snapshot:
        """The present state, to come back to."""
        rows, columns = (np.flatnonzero(self.labels.any(axis=axis)) for axis in (1, 0))
        empty = not len(rows)
        box = (slice(0, 0), slice(0, 0)) if empty else tuple(slice(int(a[0]), int(a[-1]) + 1) for a in (rows, columns))
        packed = zlib.compress(np.ascontiguousarray(self.labels[box]).tobytes(), 1)
        height, width = self.labels.shape
        return Snapshot((height, width), (box[0], box[1]), packed, dict(self.properties), self.unplaced)

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a state; if the photograph has another size now, its regions are placed by fractions."""
        if snapshot.shape == self.labels.shape:
            self.labels, self.properties = snapshot.labels(), dict(snapshot.properties)
            self.unplaced = snapshot.unplaced
            return
        earlier = NumberedRegions(snapshot.shape)
        earlier.restore(snapshot)
        self.take(earlier.records(any_size=True))
