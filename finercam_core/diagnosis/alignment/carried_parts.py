"""Parts named on a few specimens, carried to others through the common frame, with the error that this makes."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from finercam_core.diagnosis.alignment.frame import carried
from finercam_core.diagnosis.alignment.specimen_pictures import Labels, SpecimenPicture, outlined, specimen_picture
from finercam_core.errors import FinercamError
from finercam_core.evaluate.traits.cover import OUTSIDE, UNLABELLED
from finercam_core.store import Store

NAMED = 8  # specimens at most from which parts are carried


def carry_parts(named: Sequence[SpecimenPicture], target: SpecimenPicture) -> Labels:
    """Which part each pixel of a specimen most likely shows, by specimens whose parts are named.

    Parameters
    ----------
    named : sequence of SpecimenPicture
        At least one.
    target : SpecimenPicture
        Its own labels say only where it lies.

    Returns
    -------
    int64 array (H, W)
        The part that most named specimens have at a place; elsewhere `UNLABELLED` on the target, `OUTSIDE` off it.
    """
    size = target.labels.shape
    moved = np.stack([carried(one.labels, one.where, target.where, (size[0], size[1]), order=0) for one in named])
    parts = sorted({int(label) for label in np.unique(moved)} - {OUTSIDE, UNLABELLED})
    labels = np.where(target.body, UNLABELLED, OUTSIDE)
    if parts:
        votes = np.stack([(moved == part).mean(0) for part in parts])
        best = votes.argmax(0)
        labels = np.where(votes.max(0) >= 0.5, np.array(parts)[best], labels)
    return np.asarray(labels, np.int64)


def landmark_error(own: Labels, moved: Labels, scale: float) -> dict[int, float]:
    """How far the middle of each carried part lies from that of the part itself, in roots of the specimen's area.

    Parameters
    ----------
    own, moved : int64 array (H, W)
        Labels of the same specimen, its own and carried ones.
    scale : float
        `Placement.scale`.
    """
    errors = {}
    for part in sorted(set(np.unique(own)) & set(np.unique(moved)) - {OUTSIDE, UNLABELLED}):
        middles = [np.mean(np.nonzero(labels == part), axis=1) for labels in (own, moved)]
        errors[int(part)] = float(np.hypot(*(middles[0] - middles[1])) / scale)
    return errors


class NamedParts:
    """Specimens with their parts: their own where a mask names them, else those of others of their species.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._named: dict[str, list[SpecimenPicture]] = {}

    def picture(self, image_id: str, *, with_pixels: bool = True) -> SpecimenPicture:
        """A specimen with its parts; `found_by` is "carried" where they are others'.

        Raises
        ------
        ImageError
            If its photograph is needed and cannot be read.
        """
        own = specimen_picture(self.store, image_id, with_pixels=with_pixels)
        if own.found_by == "mask":
            return own
        named = self.named(str(self.store.row(image_id)["scientificName"]))
        return replace(own, labels=carry_parts(named, own), found_by="carried") if named else own

    def named(self, species: str) -> list[SpecimenPicture]:
        """Specimens of a species whose masks name parts, at most `NAMED`, placed as if they had none.

        Those that need them have no mask, and are placed by their outlines: both have to be placed in one way.
        """
        if species not in self._named:
            rows = self.store.rows
            candidates = rows.loc[(rows["scientificName"] == species) & (rows["maskURI"].astype(str) != ""), "image_id"]
            self._named[species] = [
                picture
                for image_id in sorted(candidates)[: 2 * NAMED]
                if (picture := self._outlined(image_id)) is not None
            ][:NAMED]
        return self._named[species]

    def _outlined(self, image_id: str) -> SpecimenPicture | None:
        try:
            own = specimen_picture(self.store, image_id)
        except (FinercamError, OSError, ValueError):
            return None
        return replace(own, where=outlined(image_id, own.pixels).where) if own.found_by == "mask" else None

    def error(self, species: str) -> float:
        """Median landmark error of a species' parts, each named specimen in turn held out; NaN with fewer than two."""
        named = self.named(species)
        errors = [
            error for i, target in enumerate(named) for error in _held_out_error(target, [*named[:i], *named[i + 1 :]])
        ]
        return float(np.median(errors)) if errors else float("nan")


def _held_out_error(target: SpecimenPicture, others: Sequence[SpecimenPicture]) -> list[float]:
    moved = carry_parts(others, target) if others else np.full_like(target.labels, OUTSIDE)
    return list(landmark_error(target.labels, moved, target.where.scale).values())
