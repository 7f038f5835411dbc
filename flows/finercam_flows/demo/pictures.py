"""Pictures of the demo: specimen, Grad-CAM, Finer-CAM and the truth side by side."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from finercam_core.evaluate.with_truth.true_regions import pair_map
from finercam_core.finer import GAMMA
from finercam_core.images.pictures import PictureRow, maps_picture
from finercam_core.images.preparation import to_image
from finercam_core.store import Store

Truth = Callable[[str, str], npt.NDArray[np.bool_]]
ROWS = 4


def draw_pictures(store: Store, truth: Truth, folder: Path) -> list[Path]:
    """Draw, a genus a picture, one test specimen of each species against its first congener.

    Returns
    -------
    list of Path, the PNG files written.
    """
    tests = store.specimens[store.specimens["split"] == "test"]
    first = tests.sort_values("image_id").drop_duplicates("scientificName")
    written = []
    for genus, rows in first.groupby("genus", sort=True):
        path = folder / f"maps-{genus}.png"
        made = store.provenance
        footer = f"γ = {GAMMA}, {made['classifier']['target_layer']}, run {made['run']}; blue: the true difference"
        pictures = [_row(store, truth, image_id) for image_id in rows["image_id"].head(ROWS)]
        maps_picture(pictures, ("Grad-CAM", "Finer-CAM"), path, footer=footer)
        written.append(path)
    return written


def _row(store: Store, truth: Truth, image_id: str) -> PictureRow:
    """One specimen against its closest congener."""
    record, image = store.record(image_id), store.image(image_id)
    reference = record.classes[1]
    grids = np.stack([pair_map(record, 1, gamma) for gamma in (0.0, GAMMA)])
    maps = to_image(grids, store.preparation.window(image.size), image.size)
    title = f"{record.scientificName}\nfrom {reference}"
    return PictureRow(title, np.asarray(image), list(maps), truth(image_id, reference))
