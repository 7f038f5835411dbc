"""Photographs as the page shows them: upright, in RGB, of a size that a browser works with, as JPEG."""

import io
from functools import lru_cache
from http import HTTPStatus

from PIL import Image

from finercam_core.errors import FinercamError
from finercam_core.images.decoder import load_image
from finercam_core.images.faults import ImageError
from finercam_core.store import Store
from napari_finercam.web.guard import Refusal

LONGER_SIDE = 1600
_KEPT = 24


def shown_size(width: int, height: int) -> tuple[int, int]:
    """Width and height of a photograph as the page shows it, and as regions are painted on it."""
    scale = min(1.0, LONGER_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


class Photographs:
    """Encodes a store's photographs, and keeps the last ones.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.jpeg = lru_cache(maxsize=_KEPT)(self._jpeg)

    def size(self, image_id: str) -> tuple[int, int]:
        """Width and height of the photograph itself; raises `ImageError` if it is unavailable."""
        return self._store.image_size(image_id)

    def _jpeg(self, image_id: str) -> bytes:
        try:
            place, root = self._store.place(image_id), self._store.images_root
            size = shown_size(*self.size(image_id))
            picture = load_image(place, root=root, at_least=size)
            small = picture.convert("RGB").resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
        except ImageError as error:
            raise Refusal(HTTPStatus.NOT_FOUND, error.status.sentence) from error
        except FinercamError as error:
            raise Refusal(HTTPStatus.NOT_FOUND, error.problem) from error
        buffer = io.BytesIO()
        small.save(buffer, "JPEG", quality=88)
        return buffer.getvalue()
