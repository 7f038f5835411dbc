"""The errors of disks, servers and object stores, as one sentence that says what to do."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from finercam_core.errors import CatalogError, StoreError
from finercam_core.redaction import without_secrets

# Every client has its own errors for a server that cannot be reached; names spare importing all clients.
_NO_ANSWER = frozenset(
    ["ConnectError", "ConnectTimeout", "ReadTimeout", "TimeoutException", "ClientConnectorError", "ServerTimeoutError",
     "EndpointConnectionError", "ConnectTimeoutError", "ConnectionError", "TimeoutError", "gaierror",
     "LocalEntryNotFoundError", "OfflineModeIsEnabled"]
)  # fmt: skip

_NO_CREDENTIALS = frozenset(
    ["NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "NoAuthTokenError", "ProfileNotFound"]
)


def catalog_error(location: str, action: str, error: BaseException) -> CatalogError:
    """The error to raise for a file or folder of a catalog that cannot be read.

    Parameters
    ----------
    location : str
        Path or URL.
    action : str
        What failed, as a participle: "read", "listed" …
    error : BaseException
        The exception of the client that was used.
    """
    cause = f"{type(error).__name__}: {first_line(error)}"
    if no_credentials(error):
        problem = f"{location} cannot be {action}: there are no credentials for {_server(location)}"
        return CatalogError(problem, CREDENTIALS)
    if no_answer(error) and (server := _server(location)):
        problem = f"{server} cannot be reached ({cause}), so {location} cannot be {action}"
        return CatalogError(problem, "check the connection, or give the folder of a local copy as root")
    return CatalogError(f"{location} cannot be {action} ({cause})", "check the path")


CREDENTIALS = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; for a public bucket FSSPEC_S3_ANON=true"
"""What to do where a store asks for credentials."""


def no_credentials(error: BaseException | None) -> bool:
    """Whether an exception, or one that caused it, means that no credentials were found for a store."""
    while error is not None:
        if any(kind.__name__ in _NO_CREDENTIALS for kind in type(error).__mro__):
            return True
        error = error.__cause__ or error.__context__
    return False


def first_line(error: BaseException) -> str:
    """Message of an exception as one line of at most 200 characters."""
    return without_secrets(" ".join(str(error).split()))[:200] or type(error).__name__


def no_answer(error: BaseException | None) -> bool:
    """Whether an exception, or one that caused it, means that the server did not answer."""
    while error is not None:
        if any(kind.__name__ in _NO_ANSWER for kind in type(error).__mro__):
            return True
        error = error.__cause__ or error.__context__
    return False


def _server(location: str) -> str:
    """Server of a URL; "" for a local path."""
    scheme, _, _ = location.partition("://")
    if scheme == "hf":
        return os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    if scheme in ("http", "https"):
        return f"{scheme}://{urlsplit(location).netloc}"
    return f"the store of {scheme}://" if "://" in location else ""


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)
_KEPT = "what is finished is kept; run it again to go on"


@contextmanager
def store_errors(location: str) -> Iterator[None]:
    """Turn the errors of a disk or an object store into a `StoreError`; a `FileNotFoundError` is passed on."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _disk_error(location, error) from error
    except Exception as error:
        # botocore's own errors (no credentials, no connection) have no common base with those of a disk.
        if type(error).__module__.partition(".")[0] not in ("botocore", "aiobotocore", "aiohttp"):
            raise
        raise StoreError(f"{location} cannot be reached: {error}", "check the endpoint and the credentials") from error


def _disk_error(location: str, error: OSError) -> StoreError:
    if error.errno in _FULL:
        return StoreError(f"there is no space left for {location}", f"free some space; {_KEPT}")
    if error.errno in _FORBIDDEN or isinstance(error, PermissionError):
        return StoreError(f"{location} may not be read or written: {error}", "check its permissions")
    return StoreError(f"{location} cannot be read or written: {error}", f"check the disk or the connection; {_KEPT}")
