"""The numbered regions of a specimen: the first follows the threshold, others are painted; each may have a trait."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from finercam_core.errors import ReviewError
from finercam_core.regions.rle import encode_enlarged, placed
from finercam_core.regions.shape import split
from finercam_core.regions.snap import SnapSettings, snap
from finercam_core.regions.traits import Trait
from finercam_core.review import Comparison, Region
from napari_finercam.session.regions.numbers import FIRST, MAX_NUMBER, free_number, within_numbers
from napari_finercam.session.regions.properties import ON_SCREEN, PAINTED, THRESHOLDED, repainted, taken
from napari_finercam.session.regions.snapshot import Labels, Snapshot, snapshot_of
from napari_finercam.session.regions.threshold import Threshold


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
    properties : dict of int to Region
        By the number of the region; `ON_SCREEN` for the mask of those that were made or changed here.
    unplaced : tuple of Region
        Regions of a verdict or a draft that cannot be shown, because the photograph is away or has other proportions
        than the one that they were drawn on. They are kept as they are.
    known : bool
        Whether it is known which regions there are, be it none; not so without a photograph, unless a verdict or a
        draft says it.
    """

    def __init__(
        self, shape: tuple[int, ...], full: tuple[int, ...] | None = None, *, photographed: bool = True
    ) -> None:
        self.labels: Labels = np.zeros(shape[:2], np.uint8)
        self.properties: dict[int, Region] = {FIRST: THRESHOLDED}
        self.unplaced: tuple[Region, ...] = ()
        self._full = (full or shape)[:2]
        self._photographed = photographed
        self.known = photographed

    @property
    def follows(self) -> bool:
        """Whether the first region still follows the threshold."""
        return FIRST in self.properties and self.properties[FIRST].source == "threshold"

    @property
    def numbers(self) -> set[int]:
        """Numbers that are taken, also by regions without pixels or without a place."""
        return {*self.properties, *(record.number for record in self.unplaced)}

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """All regions together."""
        return self.labels > 0

    @property
    def edited(self) -> bool:
        """Whether a person did more than move a threshold."""
        return len(self.properties) != 1 or any(
            region.source != "threshold" or region.trait for region in self.properties.values()
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
            rle=ON_SCREEN,
        )

    def paint(self, labels: npt.NDArray[np.integer], comparison: Comparison | None = None) -> bool:
        """Take regions as a person left them; returns whether that changed anything.

        Parameters
        ----------
        labels : integer array (height, width)
        comparison : Comparison, optional
            How the map on screen is made: regions that had none were painted on this one.

        Raises
        ------
        ReviewError
            If there are too many of them; see `within_numbers`.
        """
        after = within_numbers(labels, self.numbers)
        changed = after != self.labels
        if not changed.any():
            return False
        old, new = self.labels[changed], after[changed]
        for number in np.union1d(old, new):
            if number:
                earlier, size = self.properties.get(int(number), THRESHOLDED), int((self.labels == number).sum())
                added, erased = int((new == number).sum()), int((old == number).sum())
                self.properties[int(number)] = repainted(earlier, comparison, size, added, erased)
        self.labels = after
        return True

    def add(self) -> int:
        """Begin another region, empty; returns its number.

        Raises
        ------
        ReviewError
            If all numbers are taken.
        """
        number = free_number(self.numbers)
        self.properties[number] = PAINTED
        return number

    def remove(self, number: int) -> None:
        """Remove a region; the first one becomes empty instead, and stays so until `follow`."""
        self.labels = np.where(self.labels == number, np.uint8(0), self.labels)
        if number == FIRST:
            self.properties[FIRST] = PAINTED
        else:
            self.properties.pop(number, None)

    def drop_unplaced(self) -> None:
        """Give up the regions that have no place on the photograph."""
        self.unplaced = ()

    def follow(self) -> None:
        """Let the first region follow the threshold again."""
        self.labels = np.where(self.labels == FIRST, np.uint8(0), self.labels)
        earlier = self.properties.get(FIRST, THRESHOLDED)
        self.properties[FIRST] = replace(THRESHOLDED, trait=earlier.trait, uberon=earlier.uberon)

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
        count, first = int(parts.max()), self.properties.get(FIRST, THRESHOLDED)
        labels = self.labels.copy()
        for part in range(1, count + 1):
            number = FIRST if part == 1 else free_number(self.numbers)
            labels[parts == part] = number
            self.properties[number] = replace(first, source="painted", rle=ON_SCREEN)
        self.labels = labels
        return count

    def snap(self, number: int, photograph: npt.NDArray[np.uint8], settings: SnapSettings | None = None) -> None:
        """Draw the outline of a region to the edges of the photograph; other regions keep their pixels.

        Raises
        ------
        ReviewError
            If the region is empty.
        """
        before, chosen = self.labels == number, settings or SnapSettings()
        if not before.any():
            raise ReviewError(f"region {number} is empty", "paint it first, or choose another one")
        after = snap(photograph, before, chosen) & (before | (self.labels == 0))
        region, erased, size = self.properties[number], int((before & ~after).sum()), int(before.sum())
        share = region.painted_share * (size - erased) / int(after.sum())
        self.labels = np.where(after, np.uint8(number), np.where(before, np.uint8(0), self.labels))
        self.properties[number] = replace(
            region, rle=ON_SCREEN, source="snapped", painted_share=share, snapped=chosen.to_json()
        )

    def assign(self, number: int, trait: Trait | None) -> None:
        """Set the trait that a region belongs to, None for none."""
        name, term = ("", "") if trait is None else (trait.name, trait.uberon)
        earlier = self.properties.get(number, PAINTED)
        self.properties[number] = replace(earlier, trait=name, uberon=term)

    def records(self, *, any_size: bool = False) -> tuple[Region, ...]:
        """The regions that have pixels, as verdicts and drafts keep them; those without a place come last.

        Parameters
        ----------
        any_size : bool
            Whether a region that nobody changed may keep the size of the photograph that it was drawn on, as in a
            draft: nothing of it is lost when that photograph comes back. A verdict is about the photograph as it is.
        """
        unplaced, given = {record.number for record in self.unplaced}, self.numbers
        found = []
        for number in sorted(self.properties):
            mask = self.labels == number
            if mask.any():
                kept = self.properties[number]
                own = free_number(given) if number in unplaced else number
                given.add(own)
                rle = kept.rle
                if rle is ON_SCREEN or not (any_size or tuple(rle["size"]) == self._full):
                    rle = encode_enlarged(mask, self._full)
                found.append(replace(kept, number=own, rle=rle, painted_share=round(kept.painted_share, 4)))
        return (*found, *self.unplaced)

    def records_without_masks(self) -> dict[int, Region]:
        """The regions as `records` returns them, by number, without their pixels, which take time to encode."""
        return {number: replace(region, number=number, rle=ON_SCREEN) for number, region in self.properties.items()}

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
            self.properties[number] = taken(record, comparison)
        self.unplaced, self.known = tuple(unplaced), True
        self.properties.setdefault(FIRST, PAINTED)

    def snapshot(self) -> Snapshot:
        """The present state, to come back to."""
        return snapshot_of(self.labels, dict(self.properties), self.unplaced)

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a state; if the photograph has another size now, its regions are placed by fractions."""
        if snapshot.shape == self.labels.shape:
            self.labels, self.properties = snapshot.labels(), dict(snapshot.properties)
            self.unplaced = snapshot.unplaced
            return
        earlier = NumberedRegions(snapshot.shape)
        earlier.restore(snapshot)
        self.take(earlier.records(any_size=True))
