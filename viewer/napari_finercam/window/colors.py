"""Colours of maps and regions, for light and dark specimens and for colour-blind people; numpy alone."""

import numpy as np
import numpy.typing as npt

Stops = tuple[tuple[float, tuple[float, float, float, float]], ...]
# Transparent at zero and never more than two thirds opaque, so that a map never hides the specimen.
HEAT_STOPS: Stops = (
    (0.0, (1.0, 0.85, 0.2, 0.0)),
    (0.35, (1.0, 0.62, 0.0, 0.38)),
    (0.7, (0.87, 0.12, 0.25, 0.52)),
    (1.0, (0.35, 0.0, 0.45, 0.6)),
)
# From -1, where the look-alikes have more (blue), to 1, where the species itself has more (orange).
DIFFERENCE_STOPS: Stops = (
    (0.0, (0.0, 0.2, 0.55, 0.65)),
    (0.25, (0.0, 0.45, 0.85, 0.48)),
    (0.5, (1.0, 1.0, 1.0, 0.0)),
    (0.75, (0.95, 0.5, 0.0, 0.48)),
    (1.0, (0.7, 0.25, 0.0, 0.65)),
)
# Okabe and Ito's palette without the colours of the heat map.
REGION_COLOURS = ("#0072b2", "#009e73", "#cc79a7", "#56b4e9", "#000000", "#7f3fbf")
TRAIT_COLOURS = ("#117733", "#88ccee", "#ddcc77", "#aa4499", "#44aa99", "#332288", "#999933", "#882255", "#cc6677")


def rgba(values: npt.NDArray[np.float32], *, signed: bool) -> npt.NDArray[np.float32]:
    """Colour of each value of a map, float32 (..., 4) in [0, 1]; values in [0, 1], or in [-1, 1] if signed."""
    stops = DIFFERENCE_STOPS if signed else HEAT_STOPS
    at = (values + 1) / 2 if signed else values
    places = [place for place, _ in stops]
    return np.stack([np.interp(at, places, [c[i] for _, c in stops]) for i in range(4)], axis=-1).astype(np.float32)


def over(photo: npt.NDArray[np.uint8], values: npt.NDArray[np.float32], *, signed: bool) -> npt.NDArray[np.uint8]:
    """A map laid over a photograph of the same height and width, uint8 (height, width, 3)."""
    colours = rgba(values, signed=signed)
    alpha = colours[..., 3:]
    mixed = photo * (1 - alpha) + 255 * colours[..., :3] * alpha
    return np.rint(mixed).clip(0, 255).astype(np.uint8)
