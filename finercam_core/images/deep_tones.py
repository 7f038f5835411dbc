"""Sixteen bits a sample to eight: what is white in a TIFF whose values come from a sensor of 8, 10, 12 or 14 bits.

TIFF does not say at which value white is, unless its tag MaxSampleValue does. A file whose largest value fits into the
bits of a sensor is shown as that sensor saw it, :math:`v / (2^b - 1)`, and what was done is said, as a photograph in
the dark may look the same. PNG scales samples to all its bits, so that a dark one is dark.
"""

import logging
import sys

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile

from finercam_core.images.faults import ImageError
from finercam_core.status import Status

NOTE = "finercam_tones"
"""Key in `Image.info` of the sentence about how the tones were read; there is none for an ordinary image."""

_WHITE = 65535
_SENSORS = (8, 10, 12, 14)
_MAX_SAMPLE_VALUE, _BITS_PER_SAMPLE, _PLANAR = 281, 258, 284
# The other byte of each sample, by the byte that Pillow reads.
_LOW_BYTES = {"16B": "16L", "16L": "16B", "16N": "16B" if sys.byteorder == "little" else "16L"}

log = logging.getLogger(__name__)
_said: set[int] = set()


def white_of(image: Image.Image, largest: int) -> int:
    """Value that is white in an image of more than 8 bits a sample whose largest value is `largest`."""
    if largest > _WHITE:
        return largest
    if image.format != "TIFF":
        return _WHITE
    stated = getattr(image, "tag_v2", {}).get(_MAX_SAMPLE_VALUE)
    if stated:
        return max(int(np.max(stated)), largest, 1)
    return next((2**bits - 1 for bits in _SENSORS if largest < 2**bits), _WHITE)


def grey(image: Image.Image, location: str) -> Image.Image:
    """An image of integers of more than 8 bits (modes I, I;16 …) as greys of 8 bits."""
    values = np.asarray(image).clip(0)
    white = white_of(image, int(values.max(initial=0)))
    return _noted(Image.fromarray(_to_bytes(values, white)), image, white, location)


def colour(image: Image.Image, again: ImageFile.ImageFile, location: str) -> Image.Image:
    """An image of 16 bits a sample and several samples, of which Pillow reads the upper byte alone.

    Parameters
    ----------
    image : PIL.Image.Image
        Decoded.
    again : PIL.ImageFile.ImageFile
        The same file, opened and not decoded.
    location : str
        For the note.
    """
    upper = np.asarray(image)
    if upper.max(initial=0) >= 2 ** (_SENSORS[-1] - 8):
        return image
    mode, _, kind = str(_arguments(again)[0]).partition(";")
    arguments = (f"{mode};{_LOW_BYTES[kind]}", *_arguments(again)[1:])
    again.tile = [tile._replace(args=arguments) for tile in again.tile]
    again.load()
    values = 256 * upper.astype(np.uint16) + np.asarray(again)
    white = white_of(image, int(values.max(initial=0)))
    return _noted(Image.fromarray(_to_bytes(values, white), image.mode), image, white, location)


def is_deep_colour(image: ImageFile.ImageFile, location: str) -> bool:
    """Whether an image that is opened, and not decoded, is a TIFF of several samples of 16 bits.

    Raises
    ------
    ImageError
        If its samples lie in planes of their own that Pillow would take for bytes.
    """
    if image.format != "TIFF":
        return False
    tags = getattr(image, "tag_v2", {})
    bits = tuple(tags.get(_BITS_PER_SAMPLE, (1,)))
    if len(bits) < 2 or max(bits) != 16:
        return False
    if ";" not in str(_arguments(image)[0]):
        detail = "16 bits a sample in planes that are not compressed; save it with the samples together"
        raise ImageError(Status.UNREADABLE, location, detail)
    return str(_arguments(image)[0]).partition(";")[2] in _LOW_BYTES


def _arguments(image: ImageFile.ImageFile) -> tuple[object, ...]:
    """Arguments of the decoder of the first tile, of which the first says how samples become bytes."""
    arguments = image.tile[0].args
    return arguments if isinstance(arguments, tuple) else (arguments,)


def _to_bytes(values: npt.NDArray[np.integer], white: int) -> npt.NDArray[np.uint8]:
    return (values.astype(np.int64) * 255 // white).astype(np.uint8)


def _noted(eight: Image.Image, image: Image.Image, white: int, location: str) -> Image.Image:
    """The image with what its metadata was, and a note where white is not 65,535."""
    eight.info.update(image.info)
    if white != _WHITE:
        eight.info[NOTE] = f"more than 8 bits a sample, shown with white at {white:,}"
        _say_once(white, location)
    return eight


def _say_once(white: int, location: str) -> None:
    """Say it of the first image of a kind in a process; `finercam catalog check` lists all."""
    if white not in _said:
        _said.add(white)
        sentence = "%s and others like it have more than 8 bits a sample: they are shown with white at %s"
        log.warning(sentence, location, f"{white:,}")
