"""napari's File > Open on a store: all its specimens as two lazy layers, photographs and maps, with a slider."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from finercam_core.store import open_store
from finercam_core.store.layout import SPECIMENS
from napari_finercam.formats.stack import HeatStack, PhotoStack

LayerData = tuple[Any, dict[str, Any], str]


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
    from napari_finercam.window.layers import HEAT, HEAT_COLOURS, SPECIMEN, STORE

    store = open_store(path[0] if isinstance(path, list) else path)
    photos, maps = PhotoStack(store), HeatStack(store)
    about = {STORE: store.location, "features": store.rows[["image_id", "scientificName"]]}
    scale = tuple(full / cells for full, cells in zip(photos.shape[1:3], maps.shape[1:], strict=True))
    heat = {
        "name": HEAT, "colormap": HEAT_COLOURS, "contrast_limits": (0, 1), "blending": "translucent",
        "interpolation2d": "linear", "scale": (1, *scale), "translate": (0, *(s / 2 - 0.5 for s in scale)),
        "metadata": about, "axis_labels": ("specimen", "y", "x"),
    }  # fmt: skip
    return [
        (photos, {"name": SPECIMEN, "rgb": True, "metadata": about, "axis_labels": ("specimen", "y", "x")}, "image"),
        (maps, heat, "image"),
    ]
