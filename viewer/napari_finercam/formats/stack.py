"""Arrays over all specimens of a store that load a specimen when it is looked at, and not before."""

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from finercam_core.errors import FinercamError
from finercam_core.finer import coefficients, combine
from finercam_core.images.decoder import load_image
from finercam_core.status import Status
from finercam_core.store import Store
from napari_finercam.session.scores import UNREADABLE

_SIDE = 640
_KEPT = 32
_BLANK = 235
_TINY = float(np.finfo(np.float32).tiny)


class Stack:
    """An array (specimen, …) of which only the specimens asked for are loaded.

    Attributes
    ----------
    shape, dtype, ndim
        As of a numpy array.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ids = [str(image_id) for image_id in store.rows.index]
        self._load = lru_cache(maxsize=_KEPT)(self._one)

    def _one(self, row: int) -> npt.NDArray[Any]:
        raise NotImplementedError

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of values."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> npt.NDArray[Any]:
        first, *rest = key if isinstance(key, tuple) else (key,)
        if isinstance(first, int | np.integer):
            return np.asarray(self._load(int(first) % len(self))[tuple(rest)])
        rows = np.arange(len(self))[first]
        return np.stack([self._load(int(row))[tuple(rest)] for row in rows])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.asarray(self[:], dtype)


class PhotoStack(Stack):
    """Photographs as the model sees them, enlarged: uint8 (specimen, height, width, 3); grey where one is missing."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        made = store.preparation
        scale = max(1, round(_SIDE / max(made.height, made.width)))
        self.shape, self.dtype = (len(self._ids), made.height * scale, made.width * scale, 3), np.dtype(np.uint8)

    def _one(self, row: int) -> npt.NDArray[Any]:
        height, width = self.shape[1:3]
        try:
            photo = load_image(
                self._store.place(self._ids[row]), root=self._store.images_root, at_least=(2 * width, 2 * height)
            )
        except FinercamError:
            return np.full(self.shape[1:], _BLANK, np.uint8)
        window = self._store.preparation.window(photo.size)
        # The window may reach beyond the photograph: what lies there is white.
        return np.asarray(
            photo.transform(
                (width, height), Image.Transform.EXTENT, window, Image.Resampling.BILINEAR, fillcolor=(255, 255, 255)
            )
        )


class HeatStack(Stack):
    """Finer-CAM maps on the model's grid: float32 (specimen, h, w), at most 1; 0 where there is none."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        height, width = store.provenance["grid"]
        self.shape, self.dtype = (len(self._ids), int(height), int(width)), np.dtype(np.float32)

    def _one(self, row: int) -> npt.NDArray[Any]:
        try:
            record = self._store.record(self._ids[row])
        except (FinercamError, *UNREADABLE):
            return np.zeros(self.shape[1:], np.float32)
        if record.status != Status.DONE:
            return np.zeros(self.shape[1:], np.float32)
        values = combine(
            record.evidence, coefficients(record.logit, record.log_sum_exp, compared_at=record.compared_at)
        )
        return values / max(float(values.max()), _TINY)
