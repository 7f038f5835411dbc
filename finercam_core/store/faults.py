"""What disks and object stores raise, told in one sentence with what to do."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from finercam_core.errors import StoreError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)
_KEPT = "what is finished is kept; run it again to go on"


@contextmanager
def told(location: str) -> Iterator[None]:
    """Turn the errors of a disk or an object store into a `StoreError`; a file that is not there stays what it is."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _of_disk(location, error) from error
    except Exception as error:
        # botocore's own errors (no credentials, no connection) have no common base with those of a disk.
        if type(error).__module__.partition(".")[0] not in ("botocore", "aiobotocore", "aiohttp"):
            raise
        raise StoreError(f"{location} cannot be reached: {error}", "check the endpoint and the credentials") from error


def _of_disk(location: str, error: OSError) -> StoreError:
    if error.errno in _FULL:
        return StoreError(f"there is no space left for {location}", f"free some space; {_KEPT}")
    if error.errno in _FORBIDDEN or isinstance(error, PermissionError):
        return StoreError(f"{location} may not be read or written: {error}", "check its permissions")
    return StoreError(f"{location} cannot be read or written: {error}", f"check the disk or the connection; {_KEPT}")
