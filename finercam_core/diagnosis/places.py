"""Evidence of a species' specimens by place: on each named part, or in each cell of the common frame.

Both are linear in the evidence, so that they are made once for all classes of a species, and every pair is a
subtraction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from finercam_core.diagnosis.alignment.carried_parts import NamedParts
from finercam_core.diagnosis.alignment.frame import COARSE, REACH, Placement, frame_points
from finercam_core.diagnosis.alignment.specimen_pictures import specimen_picture
from finercam_core.errors import FinercamError
from finercam_core.evaluate.maps import grid_of
from finercam_core.evaluate.traits.cover import OUTSIDE, cover
from finercam_core.images.preparation import Preparation
from finercam_core.regions.masks import read_mask
from finercam_core.regions.traits import traits_of
from finercam_core.status import Status
from finercam_core.store import SpecimenRecord, Store

Floats = npt.NDArray[np.float64]
Reader = Callable[[SpecimenRecord], tuple[Floats, Floats]]  # values (C, P) and area (P,) of a specimen


@dataclass(frozen=True)
class SpeciesPlaces:
    """Evidence of n specimens for C classes at P places.

    Attributes
    ----------
    species : str
    classes : tuple of str
        The species itself, then its references.
    values : float64 array (n, C, P)
        In logits. By part (`by_part`) the places partition the picture and add up to the logit less the bias; by cell
        they are the evidence at the cell's centre, times the share of the picture that the cell covers.
    logits : float64 array (n, C)
    area : float64 array (n, P)
        Share of each place in the picture that the model saw; by cell whether it lies on the specimen.
    groups : tuple of str
        Individual that each photograph shows.
    folds : tuple of int
        Fold of each photograph, whose head speaks about it; `NO_FOLD` where there is one head.
    image_ids : tuple of str
    left_out : dict
        Specimens that could not be used, with the reason.
    compared_at : float or None
        γ of finished comparisons, None for evidence.
    carried : int
        Specimens whose parts were carried from others.
    error : float
        Median landmark error of that, in roots of the specimen's area.
    predicted : tuple of str
        Species that the classifier takes the photographs for, among all that it knows, as far as that is stored.
    """

    species: str
    classes: tuple[str, ...]
    values: Floats
    logits: Floats
    area: Floats
    groups: tuple[str, ...]
    folds: tuple[int, ...]
    image_ids: tuple[str, ...]
    left_out: dict[str, str]
    compared_at: float | None
    carried: int = 0
    error: float = 0.0
    predicted: tuple[str, ...] = ()

    def difference(self, other: str) -> Floats | None:
        """D = E_own - E_other at each place, float64 (n, P); None if the other is not among the references."""
        if other not in self.classes or not len(self.values):
            return None
        column = self.values[:, self.classes.index(other)]
        return column if self.compared_at is not None else self.values[:, 0] - column

    def margins(self, other: str) -> Floats:
        """Difference of the two logits, float64 (n,)."""
        return np.asarray(self.logits[:, 0] - self.logits[:, self.classes.index(other)])


def by_part(store: Store, rows: pd.DataFrame) -> SpeciesPlaces:
    """Evidence of one species' specimens by named part, what is unlabelled of the specimen, and what lies outside it.

    The places are `OUTSIDE`, `UNLABELLED` and the store's traits, in this order. A specimen without a trait mask
    has its parts carried from specimens of its species that have one.
    """
    traits, named, carried = [trait.id for trait in traits_of(store)], NamedParts(store), []

    def read(record: SpecimenRecord) -> tuple[Floats, Floats]:
        mask, preparation = read_mask(store, record.image_id), store.preparation
        if mask is None or not (mask > 0).any():
            picture = named.picture(record.image_id, with_pixels=False)
            if picture.found_by != "carried":
                raise FinercamError(
                    "no specimen of its species has a trait mask", "give masks in the catalog's manifest"
                )
            carried.append(record.image_id)
            mask = np.maximum(picture.labels, 0)
            preparation = Preparation(
                mask.shape[0], mask.shape[1], mode="squash"
            )  # labels are in the model's input already
        parts = cover(mask, traits, preparation, grid_of(record))
        cells = parts.fractions.shape[1] * parts.fractions.shape[2]
        shares = parts.fractions.reshape(len(parts.ids), -1).astype(np.float64) / cells
        return record.evidence.reshape(len(record.classes), -1) @ shares.T, parts.area

    places = _gathered(store, rows, read)
    return replace(places, carried=len(carried), error=named.error(places.species) if carried else 0.0)


def by_cell(store: Store, rows: pd.DataFrame, side: int = COARSE) -> SpeciesPlaces:
    """Evidence of one species' specimens in the cells of the common frame, row by row, and outside it (the last place).

    The outside is the evidence of the grid cells that lie neither on the specimen nor beside it.
    """

    def read(record: SpecimenRecord) -> tuple[Floats, Floats]:
        picture = specimen_picture(store, record.image_id, with_pixels=False)
        grid, size = grid_of(record), picture.labels.shape
        matrix = frame_matrix(picture.where, size, grid, side)
        cell = (2 * REACH / side * picture.where.scale) ** 2 / (size[0] * size[1])  # share of the picture
        flat = record.evidence.reshape(len(record.classes), -1).astype(np.float64)
        off = _clear_of(picture.labels != OUTSIDE, grid)
        outside = flat[:, off].sum(1, keepdims=True) / flat.shape[1]
        on = matrix @ _covered(picture.labels != OUTSIDE, grid)
        return np.concatenate([cell * (flat @ matrix.T), outside], 1), np.append(on, off.mean())

    return _gathered(store, rows, read)


def _covered(body: npt.NDArray[np.bool_], grid: tuple[int, int]) -> Floats:
    """Share of each grid cell that the specimen covers, float64 (h * w,)."""
    rows, columns = (
        np.minimum(np.arange(n) * cells // n, cells - 1) for n, cells in zip(body.shape, grid, strict=True)
    )
    number = rows[:, None] * grid[1] + columns[None]
    total = np.bincount(number.ravel(), minlength=grid[0] * grid[1])
    return np.asarray(np.bincount(number.ravel(), body.ravel(), minlength=len(total)) / np.maximum(total, 1))


def _clear_of(body: npt.NDArray[np.bool_], grid: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Grid cells that neither touch the specimen nor neighbour one that does, bool (h * w,)."""
    touched = np.pad(_covered(body, grid).reshape(grid) > 0, 1)
    h, w = grid
    near = np.any([touched[dy : dy + h, dx : dx + w] for dy in range(3) for dx in range(3)], axis=0)
    return np.asarray(~near.ravel())


def frame_matrix(where: Placement, size: tuple[int, int], grid: tuple[int, int], side: int) -> Floats:
    """Matrix (side², h * w) that interpolates a map on the model's grid at the centres of the frame's cells.

    Parameters
    ----------
    where : Placement
        In pixels of the model's input.
    size : (int, int)
        Height and width of that input.
    grid : (int, int)
    side : int
    """
    x, y = np.moveaxis(where.to_picture(frame_points(side)).reshape(-1, 2), -1, 0)
    matrix = np.zeros((side * side, grid[0] * grid[1]))
    axes = [((position + 0.5) / pixels * cells - 0.5).clip(0, cells - 1)
            for position, pixels, cells in ((y, size[0], grid[0]), (x, size[1], grid[1]))]  # fmt: skip
    low = [np.minimum(axis.astype(int), cells - 2).clip(0) for axis, cells in zip(axes, grid, strict=True)]
    part = [axis - start for axis, start in zip(axes, low, strict=True)]
    rows = np.arange(side * side)
    for dy in (0, 1):
        for dx in (0, 1):
            weight = (part[0] if dy else 1 - part[0]) * (part[1] if dx else 1 - part[1])
            cell = np.minimum(low[0] + dy, grid[0] - 1) * grid[1] + np.minimum(low[1] + dx, grid[1] - 1)
            np.add.at(matrix, (rows, cell), weight)
    matrix[(x < -0.5) | (y < -0.5) | (x > size[1] - 0.5) | (y > size[0] - 0.5)] = (
        0  # beyond the picture nothing is known
    )
    return matrix


def _gathered(store: Store, rows: pd.DataFrame, read: Reader) -> SpeciesPlaces:
    """Read every specimen; one that cannot be used is listed with its reason."""
    values, logits, areas, kept, predicted, left_out = [], [], [], [], [], {}
    classes: tuple[str, ...] = ()
    at = store.provenance.compared_at
    for image_id in sorted(rows["image_id"]):
        try:
            record = store.record(image_id)
            if record.status != Status.DONE:
                left_out[image_id] = record.status.sentence
                continue
            here, area = read(record)
        except (FinercamError, OSError, ValueError) as error:
            left_out[image_id] = str(error)
            continue
        if classes and record.classes != classes:
            left_out[image_id] = "it was compared with other species than the first"
            continue
        classes = record.classes
        values.append(here)
        logits.append(record.logit.astype(np.float64))
        areas.append(area)
        kept.append(image_id)
        predicted += [record.predicted] if record.predicted else []
    return SpeciesPlaces(
        str(rows["scientificName"].iloc[0]) if len(rows) else "", classes,
        np.stack(values) if values else np.zeros((0, 0, 0)), np.stack(logits) if logits else np.zeros((0, 0)),
        np.stack(areas) if areas else np.zeros((0, 0)), groups_of_rows(rows, kept),
        tuple(int(fold) for fold in rows.loc[kept, "fold"]), tuple(kept), left_out, at,
        predicted=tuple(predicted),
    )  # fmt: skip


def groups_of_rows(rows: pd.DataFrame, image_ids: Sequence[str]) -> tuple[str, ...]:
    """Individual that each photograph shows: the catalog's group, else the photograph itself."""
    groups = rows.loc[list(image_ids), "group_id"].astype(str) if "group_id" in rows else [""] * len(image_ids)
    return tuple(group or image_id for group, image_id in zip(groups, image_ids, strict=True))
