"""Files of local folders and of stores that fsspec opens (s3, gs, …) into a partial file."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import fsspec

from finercam_core.fetch.reasons import FetchFailure, Reason, Stopped
from finercam_core.fetch.records import Answer, RemoteFile
from finercam_core.fetch.transport.partial import Allowance, Partial, receive
from finercam_core.images.faults import ImageError
from finercam_core.images.location import image_source
from finercam_core.io.addresses import is_url
from finercam_core.io.faults import CREDENTIALS, first_line, no_credentials
from finercam_core.status import Status

_BLOCK = 1 << 20


def copy(remote: RemoteFile, root: str, partial: Partial, allowance: Allowance) -> Answer:
    """Read a file once into its partial file, or the rest of it.

    Parameters
    ----------
    remote : RemoteFile
        With a local path or a URL that fsspec opens.
    root : str
        The collection's folder or URL: a local file must lie in it, also through links.
    partial : Partial
        Where the bytes go.
    allowance : Allowance
        Limits.

    Raises
    ------
    FetchFailure
        With the reason.
    """
    with _reasons():
        folder = None if is_url(root) else root
        location = remote.address if is_url(remote.address) else image_source(remote.address, folder)
        if not isinstance(location, str):
            with partial.begin("") as file:
                receive(_blocks(location), file, allowance)
            return Answer(remote.address)
        system, path = fsspec.url_to_fs(location)
        info = system.info(path)
        if info.get("size") and info["size"] > allowance.max_bytes:
            detail = f"{info['size']:,} bytes, {allowance.max_bytes:,} are allowed"
            raise FetchFailure(Reason.TOO_MANY_BYTES, detail)
        version = _version(info)
        resumed = bool(version) and partial.version == version and partial.size > 0
        with partial.go_on() if resumed else partial.begin(version) as file, system.open(path, "rb") as original:
            original.seek(file.tell())
            size = receive(_blocks(original), file, allowance)
    if info.get("size") is not None and size != info["size"]:
        partial.discard()
        raise FetchFailure(Reason.WRONG_LENGTH, f"{size:,} bytes came of {info['size']:,}")
    return Answer(location, str(info.get("ETag", "")), str(info.get("LastModified", "")), resumed)


def _version(info: dict[str, Any]) -> str:
    known = [info.get(key) for key in ("ETag", "etag", "mtime", "LastModified", "last_modified", "created")]
    return next((str(value) for value in known if value), "")


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block


@contextmanager
def _reasons() -> Iterator[None]:
    try:
        yield
    except (FetchFailure, Stopped):
        raise
    except ImageError as error:
        outside = error.status is Status.OUTSIDE_COLLECTION
        raise FetchFailure(Reason.OUTSIDE_COLLECTION if outside else Reason.NOT_FOUND, error.location) from error
    except FileNotFoundError as error:
        raise FetchFailure(Reason.NOT_FOUND, first_line(error)) from error
    except PermissionError as error:
        raise FetchFailure(Reason.REFUSED, first_line(error)) from error
    except ImportError as error:
        raise FetchFailure(Reason.NOT_ALLOWED, first_line(error)) from error
    except TimeoutError as error:
        raise FetchFailure(Reason.TIMEOUT, first_line(error)) from error
    except Exception as error:  # fsspec's back ends raise whatever their client raises
        if no_credentials(error):
            raise FetchFailure(Reason.REFUSED, f"no credentials: {CREDENTIALS}") from error
        raise FetchFailure(Reason.CONNECTION, f"{type(error).__name__}: {first_line(error)}") from error
