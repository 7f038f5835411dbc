"""The maps that are judged: Grad-CAM and Finer-CAM from the stored evidence, beside two controls that know nothing."""

import zlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from finercam_core.errors import ComparisonError
from finercam_core.evaluate.protocol import Protocol
from finercam_core.finer import FloatArray, coefficients, combine, gamma_for
from finercam_core.store import SpecimenRecord
from finercam_core.store.backgrounds import Backgrounds
from finercam_core.strengths import Baseline, Weighting

WHOLE = "finer_cam_1"
"""Finer-CAM at γ = 1, as its authors' code has it, beside the γ of the protocol (by default 0.6, the paper's): the two
differ in what they find. Finished comparisons have one γ alone, and no such map."""
ABOVE = "finer_cam_above"
"""Finer-CAM at the γ of the protocol above its baseline, where it has one."""
MAPS = ("grad_cam", "finer_cam", WHOLE, ABOVE, "random", "blob")
CONTROLS = ("random", "blob")
_OPTIONAL = (WHOLE, ABOVE)
_NAMES = ("Grad-CAM", "Finer-CAM", "Finer-CAM at γ = 1", "Finer-CAM above its baseline", "random map", "centred blob")
MAP_NAMES = dict(zip(MAPS, _NAMES, strict=True))
Grid = tuple[int, int]


def grid_of(record: SpecimenRecord) -> Grid:
    """Height and width in cells of the model's grid on which a specimen's evidence lies."""
    height, width = record.evidence.shape[-2:]
    return int(height), int(width)


def maps_of(record: SpecimenRecord, above: Baseline = "none") -> tuple[str, ...]:
    """Names of the maps that a specimen has, in the order of `MAPS`; `above` is the baseline of the protocol."""
    absent = ((WHOLE,) if record.compared_at is not None else ()) + ((ABOVE,) if above == "none" else ())
    return tuple(name for name in MAPS if name not in absent)


def maps_in(names: Iterable[object]) -> tuple[str, ...]:
    """Maps that a table is to have: all of `MAPS`, but `WHOLE` and `ABOVE` only where they are among these names."""
    present = set(names)
    return tuple(name for name in MAPS if name not in _OPTIONAL or name in present)


def specimen_maps(
    record: SpecimenRecord, protocol: Protocol, backgrounds: Backgrounds | None = None
) -> npt.NDArray[np.float32]:
    """Maps of a specimen against all its references, float32 (M, h, w) in the order of `maps_of`.

    Raises
    ------
    ComparisonError
        If the protocol has a baseline, and the background of one of the references is not known.
    """
    grid = grid_of(record)
    gammas = (0.0, protocol.gamma, 1.0) if record.compared_at is None else (0.0, protocol.gamma)
    cams = [combine(record.evidence, map_weights(record, gamma, protocol.weighting)) for gamma in gammas]
    if protocol.above != "none":
        at = gamma_for(record.compared_at, protocol.gamma)
        weights = map_weights(record, at, protocol.weighting)
        cams.append(map_above(record, weights, at, protocol.above, backgrounds))
    return np.stack([*cams, random_map(grid, record.image_id, protocol.seed), centred_blob(grid)])


def map_above(
    record: SpecimenRecord, weights: FloatArray, gamma: float, baseline: Baseline, backgrounds: Backgrounds | None
) -> npt.NDArray[np.float32]:
    """A specimen's map with coefficients (C,) above a baseline, float32 (h, w); raises as `specimen_maps`."""
    if backgrounds is None:
        raise ComparisonError("maps above a baseline need their store", "give its backgrounds")
    return np.maximum(backgrounds.above(record, weights, gamma, baseline).values, 0)


def map_weights(record: SpecimenRecord, gamma: float, weighting: Weighting) -> FloatArray:
    """Coefficients of a record's maps, float64 (C,); finished comparisons keep the γ that they were made with."""
    at = record.compared_at
    gamma = gamma_for(at, gamma)
    return coefficients(record.logit, record.log_sum_exp, gamma=gamma, weighting=weighting, compared_at=at)


def pair_map(
    record: SpecimenRecord,
    index: int,
    gamma: float,
    above: Baseline = "none",
    backgrounds: Backgrounds | None = None,
) -> npt.NDArray[np.float32]:
    """Finer-CAM map of a specimen against one reference (its index among the classes); float32 (h, w)."""
    use = np.arange(len(record.classes)) == index
    at = record.compared_at
    weights = coefficients(record.logit, record.log_sum_exp, gamma=gamma_for(at, gamma), use=use, compared_at=at)
    if above == "none":
        return combine(record.evidence, weights)
    return map_above(record, weights, gamma_for(at, gamma), above, backgrounds)


def random_map(grid: Grid, image_id: str, seed: int = 0) -> npt.NDArray[np.float32]:
    """Independent uniform values on the grid, the same for the same specimen and seed; float32 (h, w) in [0, 1)."""
    rng = np.random.default_rng([seed, zlib.crc32(image_id.encode())])
    return rng.random(grid, dtype=np.float32)


def centred_blob(grid: Grid, width: float = 0.25) -> npt.NDArray[np.float32]:
    r"""A Gaussian in the middle of the picture, :math:`\exp(-(u^2 + v^2) / 2)`; float32 (h, w) in (0, 1].

    Photographers centre specimens, so a map of the photograph's middle alone scores well.

    Parameters
    ----------
    grid : (int, int)
    width : float
        Standard deviation along each axis, as a share of the side.
    """
    axes = [((np.arange(cells) + 0.5) / cells - 0.5) / width for cells in grid]
    return np.exp(-(axes[0][:, None] ** 2 + axes[1][None, :] ** 2) / 2).astype(np.float32)
