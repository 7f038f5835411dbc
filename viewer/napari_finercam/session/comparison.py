"""The comparison, live: γ, references and weighting, recombined at once from the stored evidence."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from finercam_core.finer import GAMMA, Weighting, coefficients, combine
from finercam_core.images.preparation import Window, cell_weights
from finercam_core.store import SpecimenRecord
from napari_finercam.session.view import View

Map = npt.NDArray[np.float32]
HEAT_SIDE = 384
_TINY = float(np.finfo(np.float32).tiny)


@dataclass
class Settings:
    """How maps are made; the same for every specimen until it is changed."""

    gamma: float = GAMMA
    weighting: Weighting = "mean"
    signed: bool = False


def grid_map(record: SpecimenRecord, used: npt.NDArray[np.bool_], settings: Settings) -> Map:
    """Signed Finer-CAM map on the model's grid, float32 (h, w), in units of the logit.

    Parameters
    ----------
    record : SpecimenRecord
    used : bool array (C,)
        Which references are compared with; with none the map is the base method's own.
    settings : Settings

    Raises
    ------
    ComparisonError
        If finished comparisons are asked for another γ than theirs, or another weighting than a mean.
    """
    weights = coefficients(
        record.logit, record.log_sum_exp, gamma=settings.gamma, weighting=settings.weighting, use=used,
        compared_at=record.compared_at,
    )  # fmt: skip
    return combine(record.evidence, weights, relu=False)


def image_map(view: View, values: Map, window: Window) -> Map:
    """A map at the resolution of the picture, float32 (height, width)."""
    rows, columns = _weights(values.shape, window, view.size)
    result: Map = rows @ (values @ columns.T)
    return result


def heat(view: View, values: Map, window: Window) -> Map:
    """A map over the whole picture, with at most `HEAT_SIDE` pixels a side, scaled so that its largest value is 1.

    The graphics card scales it up, so that a slider need not move a million pixels.
    """
    width, height = view.size
    scale = min(1.0, HEAT_SIDE / max(width, height))
    small = max(1, round(width * scale)), max(1, round(height * scale))
    across, down = small[0] / width, small[1] / height
    seen = Window(window.left * across, window.top * down, window.right * across, window.bottom * down)
    rows, columns = _weights(values.shape, seen, small)
    result: Map = rows @ (values @ columns.T)
    return result / max(float(np.abs(result).max()), _TINY)


@lru_cache(maxsize=8)
def _weights(grid: tuple[int, ...], window: Window, size: tuple[int, int]) -> tuple[Map, Map]:
    return cell_weights((grid[0], grid[1]), window, size)


def why_fixed(method: str, gamma: float) -> str:
    """Why γ cannot be changed, in one sentence."""
    return f"{method} is not linear in the scores: its maps were finished with γ = {gamma:g} when they were stored."
