"""Open a picture that a stranger made: only known formats, only ordinary files, within bounds of size and time."""

import io
import os
import stat
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from PIL import Image, ImageFile, UnidentifiedImageError

from finercam_core.images.faults import ImageError, as_image_errors
from finercam_core.images.formats import PER_PIXEL, enabled, is_picture, is_read_at_once, looks_like
from finercam_core.images.limits import Limits
from finercam_core.images.location import image_source
from finercam_core.status import Status

_PROGRESSIVE_BLOCK = 8192  # bytes
_KINDS = {stat.S_IFIFO: "named pipe", stat.S_IFCHR: "device", stat.S_IFBLK: "device", stat.S_IFSOCK: "socket"}


@contextmanager
def opened(
    location: str, root: object, limits: Limits, source: str | io.BytesIO | None = None
) -> Iterator[tuple[ImageFile.ImageFile, Callable[[], ImageFile.ImageFile]]]:
    """A picture whose header was read and is within the limits, and a function that opens it once more.

    Parameters
    ----------
    location : str
        See `load_image`.
    root : str or Path, optional
    limits : Limits
    source : str or BytesIO, optional
        What `image_source` gave for the location, where that was called already.

    Raises
    ------
    ImageError
        For whatever is raised within the context, too.
    """
    _ignore_pillow()
    with as_image_errors(location):
        source = source or image_source(location, None if root is None else str(root))
        with _file(source, location, limits) as file:
            image = _identified(file, location)
            _check(image, location, limits)
            yield image, lambda: _identified(file, location)


def _ignore_pillow() -> None:
    """Silence Pillow, since `Limits` decides which images are too large, and the status what is wrong with a file.

    For the whole process, and not by `warnings.catch_warnings`: images are opened in several threads, and one that
    leaves such a context puts the filters of all the others back.
    """
    warnings.filterwarnings("ignore", module=r"PIL\.")
    warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


def _file(source: str | io.BytesIO, location: str, limits: Limits) -> "_WatchedFile":
    """The bytes of a picture: an ordinary file that is not too large, or what was downloaded."""
    if isinstance(source, io.BytesIO):
        return _WatchedFile(source, location, limits)
    # A named pipe that nobody writes to would not even open.
    raw = io.FileIO(source, "rb", opener=lambda path, flags: os.open(path, flags | getattr(os, "O_NONBLOCK", 0)))
    try:
        _refuse_endless(raw, location, limits)
    except BaseException:
        raw.close()
        raise
    return _WatchedFile(raw, location, limits)


def _refuse_endless(raw: io.FileIO, location: str, limits: Limits) -> None:
    """Raise `ImageError` for what is no ordinary file, or too large a one."""
    status = os.fstat(raw.fileno())
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "folder")
        raise ImageError(Status.UNREADABLE, location, f"it is a {kind}, not a file")
    at_once = is_read_at_once(raw.read(16))
    raw.seek(0)
    most = min(limits.max_bytes, limits.max_bytes_at_once) if at_once else limits.max_bytes
    if status.st_size > most:
        detail = f"the file has {status.st_size:,} bytes, at most {most:,} are read"
        raise ImageError(Status.TOO_LARGE, location, detail)


class _WatchedFile(io.BufferedReader):
    """A file that gives up a decoder which reads for ever."""

    def __init__(self, raw: Any, location: str, limits: Limits) -> None:
        super().__init__(raw)
        self._location, self._limits, self._reads = location, limits, 0
        self._end = time.monotonic() + limits.max_seconds

    def read(self, size: int | None = -1, /) -> bytes:
        """See `io.BufferedReader.read`."""
        self._reads += 1
        if self._reads > self._limits.max_reads:
            self._give_up(f"its decoder asked for {self._reads:,} pieces of it in vain")
        if time.monotonic() > self._end:
            self._give_up(f"decoding it takes more than {self._limits.max_seconds:g} s")
        return super().read(size)

    def _give_up(self, detail: str) -> NoReturn:
        raise ImageError(Status.UNREADABLE, self._location, detail)


def _identified(file: _WatchedFile, location: str) -> ImageFile.ImageFile:
    file.seek(0)
    try:
        image = Image.open(file, formats=enabled())
    except UnidentifiedImageError as error:
        file.seek(0)
        beginning = file.read(1024)
        what = looks_like(beginning)
        if is_picture(beginning):
            raise ImageError(Status.UNREADABLE, location, what or "its header is damaged") from error
        raise ImageError(Status.NOT_AN_IMAGE, location, what) from error
    assert isinstance(image, ImageFile.ImageFile)
    if "progressive" in image.info:  # a hundred bytes may be a pass over all its pixels: ask for the time in between
        image.decodermaxblock = _PROGRESSIVE_BLOCK
    return image


def memory_of(image: ImageFile.ImageFile) -> int:
    """Bytes that decoding an opened image takes; a JPEG that is decoded at reduced scale takes less.

    A progressive one is kept as a whole until its last pass.
    """
    pixels = image.width * image.height
    if "progressive" in image.info:
        pixels *= (getattr(image, "decoderconfig", None) or (1,))[0] ** 2
    return pixels * _per_pixel(image)


def _per_pixel(image: ImageFile.ImageFile) -> int:
    return PER_PIXEL.get(image.format or "", max(PER_PIXEL.values()))


def _check(image: ImageFile.ImageFile, location: str, limits: Limits) -> None:
    w, h = image.size
    size = f"{w}x{h} pixels"
    if max(w, h) > limits.max_side:
        raise ImageError(Status.TOO_LARGE, location, f"{size}, at most {limits.max_side:,} a side are decoded")
    most = limits.max_pixels * limits.memory_per_pixel // max(limits.memory_per_pixel, _per_pixel(image))
    if w * h > most:
        kind = f" of {image.format}" if most < limits.max_pixels else ""
        raise ImageError(Status.TOO_LARGE, location, f"{size}, at most {most:,}{kind} are decoded")
    if min(w, h) < limits.min_side:
        raise ImageError(Status.TOO_SMALL, location, f"{size}, at least {limits.min_side} a side are needed")
