"""Body plans of the genera: outlines and fins in body coordinates.

Body coordinates: x from the snout (0) to the base of the caudal fin (1), y upwards, both in standard lengths.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.interpolate import PchipInterpolator

FloatArray = npt.NDArray[np.float64]
Colour = tuple[float, float, float]
_SAMPLES = 160


@dataclass(frozen=True)
class Fin:
    """A fin as a fan of rays.

    Parameters
    ----------
    start, end : float or (float, float)
        Ends of the fin's base: x along the back or belly, or a point (x, y).
    angles : (float, float)
        Direction of the first and the last ray, degrees anticlockwise from the tail's direction.
    lengths : sequence of float
        Ray lengths at equal steps along the base, interpolated smoothly.
    rays : int
        Number of rays drawn; 0 for a fleshy fin.
    """

    start: float | tuple[float, float]
    end: float | tuple[float, float]
    angles: tuple[float, float]
    lengths: tuple[float, ...]
    rays: int = 12


@dataclass(frozen=True)
class BodyPlan:
    """Form and colours of a genus.

    Parameters
    ----------
    back, belly : sequence of (x, height)
        Profile above and below the axis, both heights positive; smoothed, round at the snout.
    head : float
        x of the hind edge of the operculum.
    eye : (x, y, radius)
    back_colour, flank_colour, belly_colour, fin_colour, mark_colour : RGB in [0, 1]
    scale : float
        Length of a scale; 0 for a naked, mottled skin.
    fins : mapping by name
        `dorsal`, `second_dorsal`, `adipose`, `anal_short`, `anal_long`, `caudal_forked`, `caudal_rounded`,
        `pelvic`, `pectoral`.
    """

    back: Sequence[tuple[float, float]]
    belly: Sequence[tuple[float, float]]
    head: float
    eye: tuple[float, float, float]
    back_colour: Colour
    flank_colour: Colour
    belly_colour: Colour
    fin_colour: Colour
    mark_colour: Colour
    scale: float
    fins: dict[str, Fin]

    @cached_property
    def _tables(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Profiles over the root of x, in which a round snout is a straight line."""
        root = np.linspace(0, 1, _SAMPLES)
        return root, _profile(self.back)(root), _profile(self.belly)(root)

    def top(self, x: npt.ArrayLike) -> FloatArray:
        """Height of the back above the axis at x."""
        root, back, _ = self._tables
        return np.asarray(np.interp(np.sqrt(np.clip(x, 0, 1)), root, back))

    def bottom(self, x: npt.ArrayLike) -> FloatArray:
        """Depth of the belly below the axis at x, positive."""
        root, _, belly = self._tables
        return np.asarray(np.interp(np.sqrt(np.clip(x, 0, 1)), root, belly))

    def outline(self) -> FloatArray:
        """Closed outline of head and trunk: (points, 2)."""
        root, back, belly = self._tables
        x = root**2
        return np.concatenate([np.stack([x, back], 1), np.stack([x, -belly], 1)[::-1]])

    def fin_rays(self, fin: Fin, *, count: int = 40) -> tuple[FloatArray, FloatArray]:
        """Base and tip of `count` rays: two arrays (count, 2)."""
        along = np.linspace(0, 1, count)[:, None]
        base = self._anchor(fin.start, fin) * (1 - along) + self._anchor(fin.end, fin) * along
        if not isinstance(fin.start, tuple):
            base[:, 1] = self._edge(base[:, 0], fin)
        angle = np.radians(fin.angles[0] + (fin.angles[1] - fin.angles[0]) * along)
        length = PchipInterpolator(np.linspace(0, 1, len(fin.lengths)), fin.lengths)(along)
        return base, base + length * np.concatenate([np.cos(angle), np.sin(angle)], 1)

    def _anchor(self, place: float | tuple[float, float], fin: Fin) -> FloatArray:
        return np.array(place if isinstance(place, tuple) else (place, float(self._edge(np.array(place), fin))))

    def _edge(self, x: FloatArray, fin: Fin) -> FloatArray:
        """Edge of the body under a fin, a little inside so that no gap shows."""
        return self.top(x) - 0.012 if fin.angles[0] > 0 else -self.bottom(x) + 0.012


def _profile(points: Sequence[tuple[float, float]]) -> PchipInterpolator:
    x, height = np.array(points, float).T
    return PchipInterpolator(np.sqrt(x), height)
