"""Decode a photograph safely: upright, RGB, 8 bit, JPEGs no larger than needed; or an error that says what is wrong.

JPEG decoders can give an image at 1/2, 1/4 or 1/8 of its size at a fraction of the cost (Pillow's `Image.draft`).
"""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageOps

from finercam_core.images import deep_tones
from finercam_core.images.faults import HeavyImageError, ImageError, as_image_errors
from finercam_core.images.limits import DEFAULT_LIMITS, Limits
from finercam_core.images.opening import memory_of, opened
from finercam_core.images.preparation import Preparation
from finercam_core.status import Status

Size = tuple[int, int]
"""Width and height in pixels."""


REDUCED_TO = 2.0
"""Pixels each way that a JPEG decoded at reduced scale keeps for every pixel of the model's input."""
_LARGE = 25_000_000  # pixels
_one_large = Lock()
_END_OF_JPEG = b"\xff\xd9"


def load_image(
    location: str | Path,
    *,
    root: str | Path | None = None,
    limits: Limits = DEFAULT_LIMITS,
    at_least: Size | None = None,
) -> Image.Image:
    """Open an image as it would be looked at: EXIF orientation applied, RGB, 8 bits per channel.

    Parameters
    ----------
    location : str or Path
        A local path, absolute or below `root`, or any URL that fsspec opens.
    root : str or Path, optional
        The collection's folder. A local file that is not inside it, also through a link, is refused.
    limits : Limits
        Bounds on the size, checked before decoding.
    at_least : (int, int), optional
        Width and height that are enough for the caller: a JPEG may then be decoded at 1/2, 1/4 or 1/8 of its size.

    Returns
    -------
    PIL.Image.Image in mode RGB.

    Raises
    ------
    ImageError
        With the `Status` that the store records for this specimen.
    """
    return _load(str(location), root, limits, lambda _size: at_least)[0]


def image_size(location: str | Path, *, root: str | Path | None = None) -> Size:
    """Width and height in pixels as looked at (EXIF applied), read from the header alone."""
    with opened(str(location), root, DEFAULT_LIMITS) as (image, _):
        return _upright(image, image.size)


def load_pixels(
    location: str | Path,
    preparation: Preparation,
    *,
    root: str | Path | None = None,
    limits: Limits = DEFAULT_LIMITS,
    source: str | io.BytesIO | None = None,
) -> npt.NDArray[np.uint8]:
    """Open an image and bring it to a model's input size.

    JPEGs much larger than the input are decoded at 1/2, 1/4 or 1/8 of their size, but never below `REDUCED_TO` times
    the pixels, each way, that the input needs. What is cut out of the photograph does not depend on that.

    Parameters
    ----------
    location, root
        As `load_image`.
    preparation : Preparation
    limits : Limits
    source : str or BytesIO, optional
        What `image_source` gave for the location, where that was called already: nothing is downloaded twice.

    Returns
    -------
    uint8 array (height, width, 3); `Preparation.normalise` turns it into the model's input.

    Raises
    ------
    ImageError
        As `load_image`; `HeavyImageError` if it takes more memory than `limits.max_decoded`.
    """
    enough = partial(preparation.enough, factor=REDUCED_TO)
    image, size = _load(str(location), root, limits, enough, source)
    with as_image_errors(str(location)):
        return preparation.resize(image, size)


def load_many(
    locations: Sequence[str],
    preparation: Preparation,
    root: str | Path | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> list["npt.NDArray[np.uint8] | ImageError"]:
    """`load_pixels` of several images, for a worker: an image that cannot be used gives its error instead."""
    outcomes: list[npt.NDArray[np.uint8] | ImageError] = []
    for location in locations:
        try:
            outcomes.append(load_pixels(location, preparation, root=root, limits=limits))
        except ImageError as error:
            outcomes.append(error)
    return outcomes


def load_encoded(
    locations: Sequence[str],
    preparation: Preparation,
    root: str | Path | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> list["npt.NDArray[np.uint8] | ImageError"]:
    """`load_many` for a device that decodes plain JPEGs itself: of those the file's bytes, uint8 (n,), as they are.

    Plain are whole, upright JPEGs of 8 bits in grey or YCbCr that are not huge. All others come as pixels.
    """
    outcomes: list[npt.NDArray[np.uint8] | ImageError] = []
    for location in locations:
        try:
            with opened(location, root, limits) as (image, _):
                content = _plain_jpeg(image)
        except ImageError as error:
            outcomes.append(error)
            continue
        outcomes += load_many([location], preparation, root, limits) if content is None else [content]
    return outcomes


def _plain_jpeg(image: Image.Image) -> npt.NDArray[np.uint8] | None:
    """The bytes of an opened picture if it is a plain JPEG; None if it is not."""
    plain = image.format == "JPEG" and image.mode in ("RGB", "L") and image.size[0] * image.size[1] <= _LARGE
    upright = image.getexif().get(ExifTags.Base.Orientation, 1) == 1
    if not (plain and upright) or image.info.get("adobe_transform") == 0:
        return None
    file = getattr(image, "fp")  # noqa: B009 - typed as optional by Pillow, and open until it is loaded
    file.seek(0)
    content: bytes = file.read()
    whole = content.rstrip(b"\0").endswith(_END_OF_JPEG)  # a device fills in what is missing without a word
    return np.frombuffer(bytearray(content), np.uint8) if whole else None


def _load(
    location: str, root: str | Path | None, limits: Limits, at_least: Callable[[Size], Size | None],
    source: str | io.BytesIO | None = None,
) -> tuple[Image.Image, Size]:  # fmt: skip
    """The image, as small as `at_least` of its upright size allows, and that size."""
    with opened(location, root, limits, source) as (image, again):
        size = _upright(image, image.size)
        enough = at_least(size)
        if enough is not None:
            image.draft("RGB", _upright(image, enough))
        memory = memory_of(image)
        if limits.max_decoded is not None and memory > limits.max_decoded:
            raise HeavyImageError(Status.TOO_LARGE, location, f"decoding it takes some {memory:,} bytes")
        with _alone_if_large(image.size):
            deep = deep_tones.is_deep_colour(image, location)
            image.load()
            if deep:
                return _to_rgb(deep_tones.colour(image, again(), location), location), size
            return ImageOps.exif_transpose(_to_rgb(image, location)), size


@contextmanager
def _alone_if_large(size: Size) -> Iterator[None]:
    """Only one thread of a process decodes a large image at a time: sixteen of them would fill the memory."""
    with _one_large if size[0] * size[1] > _LARGE else nullcontext():
        yield


def _upright(image: Image.Image, size: Size) -> Size:
    """Swap width and height where the EXIF orientation turns the picture by a quarter; Pillow turns a TIFF itself."""
    if image.format == "TIFF":
        return size
    quarter_turn = image.getexif().get(ExifTags.Base.Orientation, 1) in (5, 6, 7, 8)
    return (size[1], size[0]) if quarter_turn else size


def _to_rgb(image: Image.Image, location: str) -> Image.Image:
    """Convert any mode to RGB; transparent pixels become white, more than 8 bits become 8, see `deep_tones`.

    Floating-point greys have no white of their own: their smallest value becomes black and their largest white.
    """
    exif = image.getexif()
    if image.mode == "F":
        image = Image.fromarray(_stretched(np.asarray(image)))
    elif image.mode.startswith("I"):
        image = deep_tones.grey(image, location)
    elif "A" in image.getbands() or "transparency" in image.info:
        over = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", over.size, "white"), over)
    result = image.convert("RGB")
    result.info["exif"] = exif.tobytes()
    return result


def _stretched(values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Values stretched to 0 … 255; those that are not finite become 0."""
    finite = np.isfinite(values)
    if not finite.any():
        return np.zeros(values.shape, np.uint8)
    low, high = (float(limit) for limit in (values[finite].min(), values[finite].max()))
    shares = (np.where(finite, values, low).astype(np.float64) - low) / ((high - low) or 1.0)
    return np.rint(255 * shares).astype(np.uint8)
