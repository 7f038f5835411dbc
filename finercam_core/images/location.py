"""Where an image lies: a file inside its collection's folder, or bytes from a packed file or a URL."""

import io
from pathlib import Path

from finercam_core.images.faults import ImageError, as_image_errors
from finercam_core.io.addresses import is_remote, is_url, join, leaves
from finercam_core.io.packed import read_packed
from finercam_core.status import Status


def image_source(location: str, root: str | Path | None = None) -> str | io.BytesIO:
    """Local path of a collection's file, checked to lie inside its root, or its bytes when it is packed or remote.

    Parameters
    ----------
    location : str
        A local path, absolute or below `root`, or a URL.
    root : str or Path, optional
        The collection's folder or URL. A local file that is not inside it, also through a link, is refused.

    Raises
    ------
    ImageError
        If it is outside the collection, missing, or cannot be downloaded.
    """
    with as_image_errors(location):  # a link to itself, a folder that may not be entered
        return _source(location, root)


def _source(location: str, root: str | Path | None) -> str | io.BytesIO:
    base = "" if root is None else str(root).rstrip("/")
    whole = location if not base or is_url(location) or Path(location).is_absolute() else join(base, location)
    if is_url(whole) and not whole.startswith("file://"):
        if is_url(base) and not is_url(location) and leaves(location):
            raise ImageError(Status.OUTSIDE_COLLECTION, location, "keep the collection's files below its address")
        return _downloaded(whole, location)
    path = Path(whole.removeprefix("file://"))
    if base and not (not is_url(base) and path.resolve().is_relative_to(Path(base).resolve())):
        raise ImageError(Status.OUTSIDE_COLLECTION, location, "keep the collection's files below its folder")
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return _unpacked(str(path), location)
    return str(path)


def _unpacked(path: str, location: str) -> io.BytesIO:
    """The bytes of a file in a zip, a tar or a Parquet table."""
    try:
        content = read_packed(path)
    except FileNotFoundError:
        content = None
    except OSError as error:
        raise ImageError(Status.UNREADABLE, location, str(error)) from error
    if content is None:
        raise ImageError(Status.MISSING, location, "fetch the collection's images, or correct the catalog")
    return io.BytesIO(content)


def _downloaded(url: str, location: str) -> io.BytesIO:
    """The bytes at an address of a remote store, asked for under the guard of `finercam_core.io.web`."""
    from finercam_core.io.web.download import DownloadError, download
    from finercam_core.io.web.guard import AddressError

    try:
        return io.BytesIO(download(url))
    except AddressError as error:
        status = Status.UNREADABLE if is_remote(url) else Status.OUTSIDE_COLLECTION
        raise ImageError(status, location, "; ".join(filter(None, (error.problem, error.remedy)))) from error
    except DownloadError as error:
        status = Status.MISSING if error.missing else Status.TOO_LARGE if error.too_large else Status.UNREADABLE
        raise ImageError(status, location, str(error)) from error
