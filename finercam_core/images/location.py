"""Where an image lies: a file inside its collection's folder, or bytes from a packed file or a URL."""

import io
from pathlib import Path

import fsspec

from finercam_core.images.faults import ImageError
from finercam_core.io.faults import no_answer
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
    base = "" if root is None else str(root).rstrip("/")
    whole = location if not base or "://" in location or Path(location).is_absolute() else f"{base}/{location}"
    if "://" in whole and not whole.startswith("file://"):
        return _download(whole, location)
    path = Path(whole.removeprefix("file://"))
    if base and not ("://" not in base and path.resolve().is_relative_to(Path(base).resolve())):
        raise ImageError(Status.OUTSIDE_COLLECTION, location, f"keep the collection's files below {base}")
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


def _download(url: str, location: str) -> io.BytesIO:
    try:
        with fsspec.open(url, "rb") as file:
            return io.BytesIO(file.read())
    except FileNotFoundError as error:
        # fsspec also raises this for a web server that does not answer.
        status = Status.UNREADABLE if no_answer(error) else Status.MISSING
        raise ImageError(status, location, str(error)) from error
    except (OSError, ValueError, ImportError) as error:
        raise ImageError(Status.UNREADABLE, location, str(error)) from error
