"""napari's File > Open Sample: the store of `finercam demo`."""

import os
from pathlib import Path

from finercam_core.errors import StoreError
from napari_finercam._reader import LayerData, read_store


def demo() -> list[LayerData]:
    """Layers of the demo's first specimen; the demo is looked for in $FINERCAM_DEMO, else in ./demo.

    Raises
    ------
    StoreError
        If there is no demo.
    """
    folder = Path(os.environ.get("FINERCAM_DEMO", "demo"))
    if not (folder / "maps.zarr").is_dir():
        raise StoreError(f"there is no demo in {folder.resolve()}", "make one with: finercam demo --out demo")
    return read_store(str(folder / "maps.zarr"))
