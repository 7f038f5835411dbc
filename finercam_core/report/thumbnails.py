"""Photographs and maps as data URIs, which a page carries in itself."""

import base64
import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from finercam_core.images.overlay import rgba, scaled_to_one
from finercam_core.images.preparation import Preparation, to_image

LEVELS = 64  # colours of a map; fewer make smaller files


def thumbnail(image: Image.Image, side: int = 420) -> Image.Image:
    """Copy of a photograph whose longer side has at most `side` pixels."""
    small = image.convert("RGB")
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    return small


def photo_uri(image: Image.Image) -> str:
    """A photograph as a data URI, JPEG."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80, optimize=True)
    return _uri("image/jpeg", buffer.getvalue())


def overlay_uri(values: npt.ArrayLike, preparation: Preparation, size: tuple[int, int]) -> str:
    """A map as a transparent picture to lie over a photograph, PNG as a data URI.

    Parameters
    ----------
    values : array (h, w)
        Map on the model's grid, shown from zero to its own largest value; a map without positive values is transparent.
    preparation : Preparation
    size : (int, int)
        Width and height of the photograph as shown, with the aspect ratio of the specimen's image.
    """
    large = to_image(np.maximum(np.asarray(values, np.float32), 0), preparation.window(size), size)
    levels = np.rint(scaled_to_one(large) * (LEVELS - 1)).astype(np.uint8)
    colours = np.rint(rgba(np.linspace(0, 1, LEVELS)) * 255).astype(np.uint8)
    picture = Image.fromarray(levels, mode="P")
    picture.putpalette(colours[:, :3].tobytes())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True, transparency=colours[:, 3].tobytes())
    return _uri("image/png", buffer.getvalue())


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
