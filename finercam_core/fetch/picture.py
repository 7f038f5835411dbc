"""Whether a file is the image that was promised: its checksums, then the whole picture decoded."""

from dataclasses import dataclass
from pathlib import Path

from finercam_core.fetch.checksums import digests
from finercam_core.fetch.reasons import FetchFailure, Reason
from finercam_core.fetch.records import RemoteFile
from finercam_core.images.decoder import load_image
from finercam_core.images.faults import ImageError
from finercam_core.images.formats import looks_like
from finercam_core.images.limits import Limits
from finercam_core.images.opening import opened

_ENDINGS = {"JPEG": ".jpg", "MPO": ".jpg", "TIFF": ".tif", "JPEG2000": ".jp2"}


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
        with opened(str(path), None, limits) as (image, _):
            return Picture(actual["sha256"], path.stat().st_size, str(image.format), *image.size)
    except ImageError as error:
        with path.open("rb") as opened_file:
            what = looks_like(opened_file.read(1024))
        raise FetchFailure(Reason(error.status.name), what or error.detail) from error
