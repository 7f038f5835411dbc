"""napari's File > Open on a store: the first specimen that can be shown, as lazy as a picture is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from finercam_core.store.layout import SPECIMENS
from napari_finercam._session import ReviewSession

LayerData = tuple[Any, dict[str, Any], str]


def get_reader(path: str | list[str]) -> Callable[[str | list[str]], list[LayerData]] | None:
    """Reader for a finercam store, or None for anything else."""
    first = path[0] if isinstance(path, list) else path
    return read_store if (Path(first) / SPECIMENS).is_file() else None


def read_store(path: str | list[str]) -> list[LayerData]:
    """Layers of a store's first finished specimen: photograph, heat map, region."""
    from napari_finercam._layers import HEAT, HEAT_COLOURS, REGION, SPECIMEN

    session = ReviewSession(path[0] if isinstance(path, list) else path, "napari")
    about = {"image_id": session.view.record.image_id, "scientificName": session.view.record.scientificName}
    heat = {"name": HEAT, "colormap": HEAT_COLOURS, "contrast_limits": (0, 1), "blending": "translucent"}
    return [
        (session.view.image, {"name": SPECIMEN, "rgb": True, "metadata": about}, "image"),
        (session.image_map(), heat | {"metadata": about}, "image"),
        (session.region().astype("uint8"), {"name": REGION, "metadata": about}, "labels"),
    ]
