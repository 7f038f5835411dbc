"""napari's File > Open on a store: all its specimens as two lazy layers, photographs and maps, with a slider."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import napari
import numpy as np
import numpy.typing as npt
from PIL import Image

from finercam_core.errors import FinercamError
from finercam_core.finer import coefficients, combine
from finercam_core.images.decoder import load_image
from finercam_core.status import Status
from finercam_core.store import Store, open_store
from finercam_core.store.layout import SPECIMENS
from napari_finercam.formats.layer_style import HEAT, HEAT_COLORMAP, SPECIMEN, STORE_KEY
from napari_finercam.session.comparison import unit_scaled
from napari_finercam.session.listing.scores import UNREADABLE
from napari_finercam.session.loaded_specimen import BLANK_GREY

LayerData = tuple[Any, dict[str, Any], str]
PHOTO_SIDE = 640
_KEPT = 32  # specimens


class LazyStack:
    """An array (specimen, …) that loads a specimen when it is looked at, and not before.

    Parameters
    ----------
    shape : tuple of int
        The first is the number of specimens.
    dtype : dtype
    load : function of an int
        The array of one specimen, by its index.

    Attributes
    ----------
    shape, dtype, ndim, size
        As of a numpy array.
    """

    def __init__(self, shape: tuple[int, ...], dtype: npt.DTypeLike, load: Callable[[int], npt.NDArray[Any]]) -> None:
        self.shape, self.dtype = shape, np.dtype(dtype)
        self._load = lru_cache(maxsize=_KEPT)(load)

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
        indices = np.arange(len(self))[first]
        return np.stack([self._load(int(index))[tuple(rest)] for index in indices])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.asarray(self[:], dtype)


def photo_stack(store: Store) -> LazyStack:
    """Photographs as the model sees them, enlarged: uint8 (specimen, height, width, 3); grey where one is missing."""
    preparation, image_ids = store.preparation, [str(image_id) for image_id in store.rows.index]
    scale = max(1, round(PHOTO_SIDE / max(preparation.height, preparation.width)))
    height, width = preparation.height * scale, preparation.width * scale

    def load(index: int) -> npt.NDArray[Any]:
        place, enough = store.place(image_ids[index]), (2 * width, 2 * height)
        try:
            photo = load_image(place, root=store.images_root, at_least=enough)
        except FinercamError:
            return np.full((height, width, 3), BLANK_GREY, np.uint8)
        window, extent, bilinear = preparation.window(photo.size), Image.Transform.EXTENT, Image.Resampling.BILINEAR
        # The window may reach beyond the photograph: what lies there is white.
        return np.asarray(photo.transform((width, height), extent, window, bilinear, fillcolor=(255, 255, 255)))

    return LazyStack((len(image_ids), height, width, 3), np.uint8, load)


def heat_stack(store: Store) -> LazyStack:
    """Finer-CAM maps on the model's grid: float32 (specimen, h, w), at most 1; 0 where there is none."""
    image_ids = [str(image_id) for image_id in store.rows.index]
    height, width = store.provenance.grid

    def load(index: int) -> npt.NDArray[Any]:
        try:
            record = store.record(image_ids[index])
        except (FinercamError, *UNREADABLE):
            return np.zeros((height, width), np.float32)
        if record.status != Status.DONE:
            return np.zeros((height, width), np.float32)
        weights = coefficients(record.logit, record.log_sum_exp, compared_at=record.compared_at)
        return unit_scaled(combine(record.evidence, weights))

    return LazyStack((len(image_ids), height, width), np.float32, load)


def _show_ids(store: Store) -> None:
    """Let a viewer that opens a store show the id and the species of the specimen at its slider."""
    viewer = napari.current_viewer()
    if viewer is None:
        return
    ids, species = (store.rows[name].to_numpy(object) for name in ("image_id", "scientificName"))

    def show(_event: object = None) -> None:
        opened = [layer for layer in viewer.layers if layer.metadata.get(STORE_KEY) == store.location]
        stack = next((layer for layer in opened if layer.name.startswith(SPECIMEN) and layer.data.ndim == 4), None)
        at = int(viewer.dims.current_step[0])
        viewer.canvas.overlays.text.visible = stack is not None
        if stack is not None and at < len(ids):
            viewer.canvas.overlays.text.text = f"{ids[at]}\n{species[at]}"

    viewer.dims.events.current_step.connect(show)
    for event in (viewer.layers.events.inserted, viewer.layers.events.removed):
        event.connect(show)


def get_reader(path: str | list[str]) -> Callable[[str | list[str]], list[LayerData]] | None:
    """Reader for a finercam store, or None for anything else."""
    first = path[0] if isinstance(path, list) else path
    return read_store if (Path(first) / SPECIMENS).is_file() else None


def read_store(path: str | list[str]) -> list[LayerData]:
    """Layers of a store: photographs and Finer-CAM maps in the shape of the model's input, read when looked at.

    Raises
    ------
    StoreError
        If the store cannot be read, such as one of a newer version.
    """
    store = open_store(path[0] if isinstance(path, list) else path)
    _show_ids(store)
    photos, maps = photo_stack(store), heat_stack(store)
    metadata = {STORE_KEY: store.location, "features": store.rows[["image_id", "scientificName"]]}
    shared: dict[str, Any] = {"metadata": metadata, "axis_labels": ("specimen", "y", "x")}
    scale = tuple(pixels / cells for pixels, cells in zip(photos.shape[1:3], maps.shape[1:], strict=True))
    heat = shared | {
        "name": HEAT,
        "colormap": HEAT_COLORMAP,
        "contrast_limits": (0, 1),
        "blending": "translucent",
        "interpolation2d": "linear",
        "scale": (1, *scale),
        "translate": (0, *(side / 2 - 0.5 for side in scale)),
    }
    return [(photos, shared | {"name": SPECIMEN, "rgb": True}, "image"), (maps, heat, "image")]
