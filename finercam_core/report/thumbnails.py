"""Photographs and maps, small, for pages: as files beside them, or as data URIs that a page carries in itself."""

import base64
import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from finercam_core.images.overlay import rgba, scaled_to_one
from finercam_core.images.preparation import Preparation, to_image

LEVELS = 32  # colours of a map; fewer make smaller files
MAP = 84  # pixels of a map's longer side, several for each cell of the model; browsers enlarge it smoothly


def thumbnail(image: Image.Image, side: int = 420) -> Image.Image:
    """Copy of a photograph whose longer side has at most `side` pixels."""
    small = image.convert("RGB")
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    return small


def jpeg(image: Image.Image, quality: int = 80) -> bytes:
    """A photograph as the content of a JPEG file."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()


def photo_uri(image: Image.Image, quality: int = 80) -> str:
    """A photograph as a data URI, JPEG."""
    return _uri("image/jpeg", jpeg(image, quality))


def overlay_uri(values: npt.ArrayLike, preparation: Preparation, size: tuple[int, int]) -> str:
    """A map as a transparent picture to lie over a photograph, PNG as a data URI.

    Parameters
    ----------
    values : array (h, w)
        Map on the model's grid, shown from zero to its own largest value; a map without positive values is transparent.
    preparation : Preparation
    size : (int, int)
        Width and height of the photograph as shown, with the aspect ratio of the specimen's image; the picture of the
        map has `MAP` pixels at most.
    """
    scale = min(1.0, MAP / max(size))
    small = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
    large = to_image(np.maximum(np.asarray(values, np.float32), 0), preparation.window(small), small)
    levels = np.rint(scaled_to_one(large) * (LEVELS - 1)).astype(np.uint8)
    colours = np.rint(rgba(np.linspace(0, 1, LEVELS)) * 255).astype(np.uint8)
    picture = Image.fromarray(levels, mode="P")
    picture.putpalette(colours[:, :3].tobytes())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True, transparency=colours[:, 3].tobytes())
    return _uri("image/png", buffer.getvalue())


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
