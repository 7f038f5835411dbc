"""Open one specimen photograph safely: upright, RGB, 8 bit, or an error that says what is wrong with it."""

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import fsspec
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from finercam_core.errors import FinercamError
from finercam_core.images.preparation import Preparation
from finercam_core.io.faults import no_answer
from finercam_core.status import Status


class ImageError(FinercamError):
    """A specimen's image cannot be used; `status` says why, in the store's vocabulary."""

    def __init__(self, status: Status, location: str, detail: str = "") -> None:
        self.status = status
        self.location = location
        self.detail = detail
        super().__init__(f"{status.sentence}: {location}", detail)

    def __reduce__(self) -> tuple[type["ImageError"], tuple[Status, str, str]]:  # type: ignore[override]
        """Survive pickling between worker processes."""
        return type(self), (self.status, self.location, self.detail)


@dataclass(frozen=True)
class Limits:
    """What an image may be.

    Parameters
    ----------
    max_pixels : int
        Largest number of pixels; larger images are refused from their header, before anything is decoded.
    min_side : int
        Smallest width and height in pixels.
    """

    max_pixels: int = 100_000_000
    min_side: int = 8


DEFAULT_LIMITS = Limits()
REDUCED_TO = 2.0
"""Pixels each way that a JPEG decoded at reduced scale keeps for every pixel of the model's input."""


def load_image(
    location: str | Path,
    *,
    root: str | Path | None = None,
    limits: Limits = DEFAULT_LIMITS,
    at_least: tuple[int, int] | None = None,
) -> Image.Image:
    """Open an image as it would be looked at: EXIF orientation applied, RGB, 8 bits a channel.

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


def _load(
    place: str, root: str | Path | None, limits: Limits, at_least: Callable[[tuple[int, int]], tuple[int, int] | None]
) -> tuple[Image.Image, tuple[int, int]]:
    """The image, as small as `at_least` of its upright size allows, and that size."""
    source = locate(place, root)
    with _reported(place), warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(source) as image:
            _check_size(image, place, limits)
            size = _upright(image, image.size)
            enough = at_least(size)
            if enough is not None:
                image.draft("RGB", _upright(image, enough))
            image.load()
            return ImageOps.exif_transpose(_to_rgb(image)), size


def image_size(location: str | Path, *, root: str | Path | None = None) -> tuple[int, int]:
    """Width and height in pixels as looked at (EXIF applied), read from the header alone."""
    place = str(location)
    source = locate(place, root)
    with _reported(place), Image.open(source) as image:
        _check_size(image, place, DEFAULT_LIMITS)
        return _upright(image, image.size)


def _upright(image: Image.Image, size: tuple[int, int]) -> tuple[int, int]:
    """Swap width and height where the EXIF orientation turns the picture by a quarter."""
    turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
    return (size[1], size[0]) if turned else size


def locate(place: str, root: str | Path | None = None) -> str | io.BytesIO:
    """Local path of a collection's file, checked to lie inside its root, or its bytes when it is remote.

    Parameters
    ----------
    place : str
        A local path, absolute or below `root`, or a URL.
    root : str or Path, optional
        The collection's folder or URL. A local file that is not inside it, also through a link, is refused.

    Raises
    ------
    ImageError
        Outside the collection, missing, or not to be downloaded.
    """
    base = "" if root is None else str(root).rstrip("/")
    whole = place if not base or "://" in place or Path(place).is_absolute() else f"{base}/{place}"
    if "://" in whole and not whole.startswith("file://"):
        return _download(whole, place)
    path = Path(whole.removeprefix("file://"))
    if base and not ("://" not in base and path.resolve().is_relative_to(Path(base).resolve())):
        raise ImageError(Status.OUTSIDE_COLLECTION, place, f"keep the collection's files below {base}")
    if not path.is_file():
        raise ImageError(Status.MISSING, place, "fetch the collection's images, or correct the catalog")
    return str(path)


def _download(url: str, place: str) -> io.BytesIO:
    try:
        with fsspec.open(url, "rb") as file:
            return io.BytesIO(file.read())
    except FileNotFoundError as error:
        # fsspec says so of a web server that is not there, too.
        status = Status.UNREADABLE if no_answer(error) else Status.MISSING
        raise ImageError(status, place, str(error)) from error
    except (OSError, ValueError, ImportError) as error:
        raise ImageError(Status.UNREADABLE, place, str(error)) from error


@contextmanager
def _reported(place: str) -> Iterator[None]:
    """Turn what Pillow raises into an `ImageError` with the matching status."""
    try:
        yield
    except Image.DecompressionBombError as error:
        raise ImageError(Status.TOO_LARGE, place, str(error)) from error
    except UnidentifiedImageError as error:
        raise ImageError(Status.NOT_AN_IMAGE, place) from error
    except (OSError, SyntaxError) as error:
        raise ImageError(Status.TRUNCATED, place, str(error)) from error
    except (ValueError, EOFError) as error:
        raise ImageError(Status.UNREADABLE, place, str(error)) from error


def _check_size(image: Image.Image, place: str, limits: Limits) -> None:
    w, h = image.size
    if w * h > limits.max_pixels:
        raise ImageError(Status.TOO_LARGE, place, f"{w}x{h} pixels, at most {limits.max_pixels:,} are decoded")
    if min(w, h) < limits.min_side:
        raise ImageError(Status.TOO_SMALL, place, f"{w}x{h} pixels, at least {limits.min_side} a side are needed")


def _to_rgb(image: Image.Image) -> Image.Image:
    """Convert any mode to RGB; 16-bit greys keep their tones, transparent pixels become white."""
    exif = image.getexif()
    if image.mode.startswith("I"):
        values = np.asarray(image)
        image = Image.fromarray((values.clip(0, 65535) / 257).astype(np.uint8))
    elif "A" in image.getbands() or "transparency" in image.info:
        over = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", over.size, "white"), over)
    result = image.convert("RGB")
    result.info["exif"] = exif.tobytes()
    return result


def load_pixels(
    location: str | Path, preparation: Preparation, *, root: str | Path | None = None
) -> npt.NDArray[np.uint8]:
    """Open an image and bring it to a model's input size.

    JPEGs much larger than the input are decoded at 1/2, 1/4 or 1/8 of their size, never below `REDUCED_TO` times the
    pixels, each way, that the input takes of them; what is cut out stays that of the whole photograph.

    Returns
    -------
    uint8 array (height, width, 3); `Preparation.normalise` makes the model's input of it.

    Raises
    ------
    ImageError
        As `load_image`.
    """
    enough = partial(preparation.enough, factor=REDUCED_TO)
    image, size = _load(str(location), root, DEFAULT_LIMITS, enough)
    return preparation.resize(image, size)


def load_many(
    places: Sequence[str], preparation: Preparation, root: str | Path | None = None
) -> list["npt.NDArray[np.uint8] | ImageError"]:
    """`load_pixels` of several images, for a worker process: an image that cannot be used gives its error instead."""
    found: list[npt.NDArray[np.uint8] | ImageError] = []
    for place in places:
        try:
            found.append(load_pixels(place, preparation, root=root))
        except ImageError as error:
            found.append(error)
    return found
