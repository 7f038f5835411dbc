"""Everything about a photograph that is not the species: drawn first, so that a twin shares all of it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Colour = tuple[float, float, float]
_BACKGROUNDS: tuple[Colour, ...] = ((0.93, 0.93, 0.91), (0.90, 0.92, 0.94), (0.95, 0.93, 0.88), (0.86, 0.87, 0.87))


@dataclass(frozen=True)
class Pose:
    """Nuisance variables of one photograph.

    Parameters
    ----------
    height, width : int
        Image size in pixels.
    centre : (float, float)
        Where the middle of the standard length lies: x, y in pixels.
    length : float
        Standard length in pixels.
    angle : float
        Rotation in radians, anticlockwise.
    bend : float
        How much the body is arched, in standard lengths.
    depth : float
        Factor on the individual's height.
    background, tint : RGB
        Colour of the table, and gain of each channel of the camera.
    contrast, light, light_angle, noise : float
        Photographic contrast; strength and direction (radians) of the lamp's gradient; standard deviation of the
        sensor noise in [0, 1].
    scale_bar, label : bool
        Whether these lie beside the specimen.
    texture_seed : int
        Seed of noise and skin texture.
    """

    height: int
    width: int
    centre: tuple[float, float]
    length: float
    angle: float
    bend: float
    depth: float
    background: Colour
    tint: Colour
    contrast: float
    light: float
    light_angle: float
    noise: float
    scale_bar: bool
    label: bool
    texture_seed: int

    def to_pixels(self, points: npt.ArrayLike) -> FloatArray:
        """Body coordinates (n, 2) to pixel coordinates x, y (n, 2)."""
        x, y = np.asarray(points, float).T
        x, y = (x - 0.5) * self.length, (y * self.depth + self.bend * (x - 0.5) ** 2) * self.length
        c, s = np.cos(self.angle), np.sin(self.angle)
        return np.stack([self.centre[0] + x * c + y * s, self.centre[1] + x * s - y * c], 1)

    def to_body(self, where: tuple[slice, slice]) -> tuple[FloatArray, FloatArray]:
        """Body coordinates x, y of the pixel centres of a window: two arrays (h, w)."""
        rows, columns = where
        across = np.arange(columns.start, columns.stop)[None] + 0.5 - self.centre[0]
        down = np.arange(rows.start, rows.stop)[:, None] + 0.5 - self.centre[1]
        c, s = np.cos(self.angle), np.sin(self.angle)
        x = (across * c + down * s) / self.length
        y = ((across * s - down * c) / self.length - self.bend * x**2) / self.depth
        return x + 0.5, y


def draw_pose(rng: np.random.Generator) -> Pose:
    """Draw the nuisance variables of one photograph; the species has no part in it."""
    width = int(rng.integers(244, 277))
    height = round(width * 0.75 * rng.uniform(0.95, 1.05))
    background = _BACKGROUNDS[int(rng.integers(len(_BACKGROUNDS)))]
    light = rng.uniform(0.88, 1.06)
    tint = light * rng.uniform(0.965, 1.035, 3)
    return Pose(
        height=height,
        width=width,
        centre=(width * (0.455 + rng.uniform(-0.025, 0.025)), height * (0.5 + rng.uniform(-0.04, 0.04))),
        length=width * rng.uniform(0.62, 0.70),
        angle=float(np.radians(rng.uniform(-8, 8))),
        bend=rng.uniform(-0.06, 0.06),
        depth=rng.uniform(0.95, 1.05),
        background=background,
        tint=(float(tint[0]), float(tint[1]), float(tint[2])),
        contrast=rng.uniform(0.85, 1.12),
        light=rng.uniform(0.02, 0.10),
        light_angle=rng.uniform(0, 2 * np.pi),
        noise=rng.uniform(0.006, 0.022),
        scale_bar=bool(rng.random() < 0.35),
        label=bool(rng.random() < 0.25),
        texture_seed=int(rng.integers(2**31)),
    )
