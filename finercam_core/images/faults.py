"""What can be wrong with a specimen's image: one error with a `Status` of the store, also for what Pillow raises."""

from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, UnidentifiedImageError

from finercam_core.errors import FinercamError
from finercam_core.status import Status


class ImageError(FinercamError):
    """A specimen's image cannot be used; `status` says why, in the store's vocabulary."""

    def __init__(self, status: Status, location: str, detail: str = "") -> None:
        self.status = status
        self.location = location
        self.detail = detail
        super().__init__(f"{status.sentence}: {location}", detail)

    def __reduce__(self) -> tuple[type["ImageError"], tuple[Status, str, str]]:  # type: ignore[override]
        """Survive pickling between worker processes."""
        return type(self), (self.status, self.location, self.detail)


@contextmanager
def as_image_errors(location: str) -> Iterator[None]:
    """Turn what Pillow raises about the image at `location` into an `ImageError` with the matching status."""
    try:
        yield
    except Image.DecompressionBombError as error:
        raise ImageError(Status.TOO_LARGE, location, str(error)) from error
    except UnidentifiedImageError as error:
        raise ImageError(Status.NOT_AN_IMAGE, location) from error
    except (OSError, SyntaxError) as error:
        raise ImageError(Status.TRUNCATED, location, str(error)) from error
    except (ValueError, EOFError) as error:
        raise ImageError(Status.UNREADABLE, location, str(error)) from error
