"""Maps in colour, and laid over photographs; numpy alone."""

import numpy as np
import numpy.typing as npt

from finercam_core.images.palette import DIFFERENCE, HEAT

Pixels = npt.NDArray[np.uint8]


def scaled_to_one(values: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """A map divided by its largest value, float32; a map without positive values has no colour to show."""
    array = np.asarray(values, np.float32)
    scaled: npt.NDArray[np.float32] = array / np.float32(max(float(array.max()), 1e-12))
    return scaled


def rgba(values: npt.ArrayLike, *, signed: bool = False) -> npt.NDArray[np.float32]:
    """Colour of each value of a map.

    Parameters
    ----------
    values : array (...)
        In [0, 1]; in [-1, 1] if signed. Values beyond take the colour of the end.
    signed : bool
        Use the ramp of differences instead of the heat ramp, see `finercam_core.images.palette`.

    Returns
    -------
    float32 array (..., 4) in [0, 1]: red, green, blue, opacity.
    """
    ramp = DIFFERENCE if signed else HEAT
    position = (np.asarray(values) + 1) / 2 if signed else np.asarray(values)
    stops = [stop for stop, _ in ramp]
    channels = [np.interp(position, stops, [colour[i] for _, colour in ramp]) for i in range(4)]
    return np.stack(channels, axis=-1).astype(np.float32)


def laid_over(photograph: Pixels, values: npt.ArrayLike, *, signed: bool = False) -> Pixels:
    """A map, values as in `rgba`, over a photograph of the same height and width: uint8 (height, width, 3)."""
    colours = rgba(values, signed=signed)
    opacity = colours[..., 3:]
    mixed = photograph * (1 - opacity) + 255 * colours[..., :3] * opacity
    return np.rint(mixed).clip(0, 255).astype(np.uint8)
