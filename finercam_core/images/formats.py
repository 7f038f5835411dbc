"""The formats of pictures that are opened, and the names of those that are not.

Every decoder is code that strangers' bytes drive: only those that collections need are enabled. Pillow knows many more,
of games, of X11, of electron microscopes, and EPS, for which it would start Ghostscript.
"""

import re
import struct
from functools import cache

from PIL import Image, SpiderImagePlugin

PER_PIXEL = {"JPEG": 8, "MPO": 8, "PNG": 9, "TIFF": 9, "BMP": 12, "GIF": 12, "WEBP": 20, "AVIF": 16, "JPEG2000": 20}
"""By enabled format: bytes of memory that decoding one pixel takes at most, its copies in RGB and upright included."""

_HEIC = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis")
_TIFF = (b"II*\0", b"MM\0*")
# Tag 50706 of four bytes, in either order (Adobe DNG specification 1.7).
_DNG_VERSION = (b"\x12\xc6\x01\x00\x04\x00\x00\x00", b"\xc6\x12\x00\x01\x00\x00\x00\x04")
_CONVERT = "convert it to JPEG, PNG or TIFF"
_OTHERS = (
    (re.compile(rb"<\s*svg\b", re.IGNORECASE), "it is an SVG drawing: export it as PNG"),
    (re.compile(rb"<\s*(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE), "it is an HTML page"),
    (re.compile(rb"\APK\x03\x04"), "it is a zip archive: unpack it first"),
    (re.compile(rb"\A\x1f\x8b"), "it is packed by gzip: unpack it first"),
    (re.compile(rb"\A%PDF"), "it is a PDF document"),
    (re.compile(rb"\A(?:%!PS|\xc5\xd0\xd3\xc6)"), "it is an EPS or PostScript drawing: export it as PNG"),
    (re.compile(rb"\ADDS "), f"it is a DDS texture: {_CONVERT}"),
    (re.compile(rb"\ABLP[12]"), f"it is a BLP texture: {_CONVERT}"),
    (re.compile(rb"\A8BPS"), f"it is a Photoshop file: {_CONVERT}"),
    (re.compile(rb"\AP[1-7fF][\s#]"), f"it is a PNM picture (PBM, PGM, PPM): {_CONVERT}"),
    (re.compile(rb"\A\x00\x00[\x01\x02]\x00"), f"it is an icon: {_CONVERT}"),
    (re.compile(rb"\Aicns"), f"it is an icon: {_CONVERT}"),
    (re.compile(rb"\Aqoif"), f"it is a QOI picture: {_CONVERT}"),
    (re.compile(rb"\ASIMPLE  ="), f"it is a FITS file: {_CONVERT}"),
    (re.compile(rb"\A\x0a[\x00-\x05]\x01[\x01\x02\x04\x08]"), f"it is a PCX picture: {_CONVERT}"),
    (re.compile(rb"\A\x01\xda[\x00\x01][\x01\x02]"), f"it is an SGI picture: {_CONVERT}"),
    (re.compile(rb"\A(?:\xd7\xcd\xc6\x9a|\x01\0\0\0.{36} EMF)", re.DOTALL), f"it is a Windows metafile: {_CONVERT}"),
    (re.compile(rb"\A\s*[{\[]"), "it is JSON text"),
)  # fmt: skip

_PICTURES = re.compile(
    rb"\A(?:\xff\xd8\xff|\x89PNG|II[*+]\0|MM\0[*+]|RIFF.{4}WEBP|BM|GIF8|.{4}ftypavi[fs]|\0\0\0\x0cjP  |\xffO\xffQ"
    rb"|DDS |BLP[12]|8BPS|P[1-7fF][\s#]|\0\0[\x01\x02]\0|icns|qoif)",
    re.DOTALL,
)
"""How pictures begin: of enabled formats that a damaged header hides from their decoders, and of others."""


@cache
def enabled() -> tuple[str, ...]:
    """Formats that are opened, as Pillow calls them; AVIF and the like only where Pillow was built with them."""
    Image.init()
    return tuple(name for name in PER_PIXEL if name in Image.OPEN)


def is_read_at_once(beginning: bytes) -> bool:
    """Whether the decoder of a file takes the whole of it into memory, by its first bytes: WebP, AVIF."""
    return beginning[:4] == b"RIFF" or beginning[4:8] == b"ftyp"


def is_picture(beginning: bytes) -> bool:
    """Whether a file begins as pictures do, although none of the enabled decoders takes it."""
    return bool(_PICTURES.match(beginning)) or _is_spider(beginning)


def looks_like(beginning: bytes) -> str:
    """What a file is by its first kilobyte, where it is no picture that is opened; "" where that is not known."""
    if not beginning:
        return "it is empty"
    if beginning[4:8] == b"ftyp":
        brand = beginning[8:12]
        return "it is a HEIC picture: convert it to JPEG" if brand in _HEIC else f"it is a video or picture ({brand!r})"
    if beginning[:4] in _TIFF and any(tag in beginning for tag in _DNG_VERSION):
        return "it is a raw DNG picture: convert it to JPEG or TIFF"
    if known := next((what for pattern, what in _OTHERS if pattern.search(beginning)), ""):
        return known
    return f"it is a SPIDER image of an electron microscope: {_CONVERT}" if _is_spider(beginning) else ""


def _is_spider(beginning: bytes) -> bool:
    """SPIDER files begin with 27 numbers that agree with each other, in either order of bytes."""
    if len(beginning) < 108:
        return False
    for order in "><":
        try:
            if SpiderImagePlugin.isSpiderHeader(struct.unpack(f"{order}27f", beginning[:108])):
                return True
        except (ValueError, OverflowError):  # not a number, or an infinite one
            continue
    return False
