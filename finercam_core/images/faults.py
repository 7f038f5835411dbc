"""What can be wrong with a specimen's image: one error with a `Status` of the store, whatever a decoder raises."""

from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, UnidentifiedImageError

from finercam_core.errors import FinercamError
from finercam_core.redaction import without_secrets
from finercam_core.status import Status


class ImageError(FinercamError):
    """A specimen's image cannot be used; `status` says why, in the store's vocabulary."""

    def __init__(self, status: Status, location: str, detail: str = "") -> None:
        self.status = status
        self.location = without_secrets(location)
        self.detail = without_secrets(detail)
        super().__init__(f"{status.sentence}: {location}", detail)

    def __reduce__(self) -> tuple[type["ImageError"], tuple[Status, str, str]]:  # type: ignore[override]
        """Survive pickling between worker processes."""
        return type(self), (self.status, self.location, self.detail)


class HeavyImageError(ImageError):
    """An image that takes more memory than its caller wants to spend on one; another process may decode it."""


@contextmanager
def as_image_errors(location: str) -> Iterator[None]:
    """Turn whatever is raised while the image at `location` is opened or decoded into an `ImageError`.

    Decoders raise what damaged bytes make them raise: `RuntimeError` (AVIF), `KeyError` and `struct.error` (TIFF),
    `AssertionError`, `RecursionError`, `MemoryError`, errors of the file system. None of it may end a run. The store's
    own errors pass, and so do Ctrl-C and the end of the process.
    """
    try:
        yield
    except FinercamError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageError(Status.TOO_LARGE, location, str(error)) from error
    except UnidentifiedImageError as error:
        raise ImageError(Status.NOT_AN_IMAGE, location) from error
    except OSError as error:
        # Pillow's own have no number; those of the system say nothing about the picture.
        status = Status.TRUNCATED if error.errno is None else Status.UNREADABLE
        raise ImageError(status, location, error.strerror or str(error)) from error
    except SyntaxError as error:
        raise ImageError(Status.TRUNCATED, location, str(error)) from error
    except MemoryError as error:
        raise ImageError(Status.UNREADABLE, location, "decoding it takes more memory than there is") from error
    except Exception as error:
        raise ImageError(Status.UNREADABLE, location, f"{type(error).__name__}: {error}".rstrip(": ")) from error
