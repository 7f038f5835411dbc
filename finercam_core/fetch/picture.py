"""Whether a file is the image that was promised: its checksums, then the whole picture decoded."""

import re
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from finercam_core.fetch.checksums import digests
from finercam_core.fetch.reasons import FetchFailure, Reason
from finercam_core.fetch.records import RemoteFile
from finercam_core.images.decoder import Limits, load_image
from finercam_core.images.faults import ImageError

_ENDINGS = {"JPEG": ".jpg", "MPO": ".jpg", "TIFF": ".tif", "JPEG2000": ".jp2"}
_HEIC = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis")
_TIFF = (b"II*\0", b"MM\0*")
# Tag 50706 of four bytes, in either order (Adobe DNG specification 1.7).
_DNG_VERSION = (b"\x12\xc6\x01\x00\x04\x00\x00\x00", b"\xc6\x12\x00\x01\x00\x00\x00\x04")
_OTHERS = (
    (re.compile(rb"<\s*svg\b", re.IGNORECASE), "it is an SVG drawing: export it as PNG"),
    (re.compile(rb"<\s*(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE), "it is an HTML page"),
    (re.compile(rb"\APK\x03\x04"), "it is a zip archive: unpack it first"),
    (re.compile(rb"\A\x1f\x8b"), "it is packed by gzip: unpack it first"),
    (re.compile(rb"\A%PDF"), "it is a PDF document"),
    (re.compile(rb"\A\s*[{\[]"), "it is JSON text"),
)


@dataclass(frozen=True)
class Picture:
    """What a verified file is: its SHA-256, bytes, format as Pillow calls it, and size in pixels as stored."""

    sha256: str
    bytes: int
    format: str
    width: int
    height: int

    @property
    def ending(self) -> str:
        """The ending that fits the format, whatever the file was called."""
        return _ENDINGS.get(self.format, f".{self.format.lower()}")


def verify_picture(path: Path, file: RemoteFile, limits: Limits) -> Picture:
    """Check a whole file.

    Raises
    ------
    FetchFailure
        WRONG_CHECKSUM, or the reason why it is not a usable picture.
    """
    actual = digests(path, {"sha256", *file.checksums})
    for function, expected in file.checksums.items():
        if actual[function] != expected.lower():
            raise FetchFailure(Reason.WRONG_CHECKSUM, f"{function} {actual[function]} instead of {expected.lower()}")
    try:
        # Decoding at a fraction of the size still reads every byte of a JPEG.
        load_image(path, limits=limits, at_least=(64, 64))
        with Image.open(path) as image:
            return Picture(actual["sha256"], path.stat().st_size, str(image.format), *image.size)
    except ImageError as error:
        raise FetchFailure(Reason(error.status.name), _looks_like(path) or error.detail) from error
    except (OSError, MemoryError):
        raise
    except Exception as error:  # Pillow's plugins raise whatever damaged headers make them raise
        raise FetchFailure(Reason.UNREADABLE, f"{type(error).__name__}: {error}") from error


def _looks_like(path: Path) -> str:
    """What a file is by its first bytes, where it is not a picture that can be read; "" where that is not known."""
    with path.open("rb") as opened:
        beginning = opened.read(1024)
    if not beginning:
        return "it is empty"
    if beginning[4:8] == b"ftyp":
        brand = beginning[8:12]
        return "it is a HEIC picture: convert it to JPEG" if brand in _HEIC else f"it is a video or picture ({brand!r})"
    if beginning[:4] in _TIFF and any(tag in beginning for tag in _DNG_VERSION):
        return "it is a raw DNG picture: convert it to JPEG or TIFF"
    return next((what for pattern, what in _OTHERS if pattern.search(beginning)), "")
