"""The pooled difference of a pair on its mean specimen, from which the page's script draws it for any γ."""

import base64
from dataclasses import dataclass

import numpy as np
from PIL import Image

from finercam_core.diagnosis.aligned_specimens import SIDE
from finercam_core.diagnosis.picture import MeanSpecimen, frame_ends
from finercam_core.report.thumbnails import photo_uri

GRID = 40  # cells a side of the frame: a map of the model is not sharper
_SHOWN = 420  # pixels of the longer side


@dataclass(frozen=True)
class PooledDifference:
    """What the script needs; its map is own - γ other, as that of a specimen.

    Attributes
    ----------
    photo : str
        Data URI of the mean photograph of both species, cut to what they cover.
    size : (int, int)
        Width and height of it as shown.
    window : dict
        Where the frame lies, in shares of that photograph: left, top, right, bottom.
    grid : (int, int)
    own, other : str
        Base64 of float16 values, grid × grid: evidence for the specimens' own species and for the other one, the
        means of both species added up.
    n : (int, int)
        Specimens of each species.
    """

    photo: str
    size: tuple[int, int]
    window: dict[str, float]
    grid: tuple[int, int]
    own: str
    other: str
    n: tuple[int, int]


def pooled_difference(here: MeanSpecimen, there: MeanSpecimen) -> PooledDifference:
    """The pooled difference of two mean specimens in one frame."""
    (top, bottom), (left, right) = (
        [max(0, round(low)), min(SIDE, round(high) + 1)] for low, high in frame_ends(here, there)
    )
    both = (here.photograph + there.photograph) / 2
    pixels = np.rint(both[top:bottom, left:right]).clip(0, 255).astype(np.uint8)
    scale = _SHOWN / max(pixels.shape[:2])
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    width, height = right - left, bottom - top
    return PooledDifference(
        photo=photo_uri(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)),
        size=size,
        window={
            "left": -left / width, "top": -top / height, "right": (SIDE - left) / width, "bottom": (SIDE - top) / height
        },
        grid=(GRID, GRID),
        own=_cells(here.own + there.own),
        other=_cells(here.other + there.other),
        n=(here.n, there.n),
    )  # fmt: skip


def _cells(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> str:
    """Means over the cells of the grid."""
    step = SIDE // GRID
    cells = values.reshape(GRID, step, GRID, step).mean(axis=(1, 3))
    return base64.b64encode(cells.astype("<f2").tobytes()).decode()
