"""The demo's maps against the truth: energy in the true regions, and pictures of specimen, maps and truth."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from finercam_core.evaluate.maps import pair_map
from finercam_core.evaluate.statistics.intervals import Interval
from finercam_core.evaluate.with_truth.true_regions import Truth, energy_intervals
from finercam_core.images.pictures import PictureRow, maps_picture
from finercam_core.images.preparation import to_image
from finercam_core.store import Store
from finercam_core.strengths import GAMMA
from finercam_core.synthetic import true_region_of

ROWS = 4  # specimens per picture


def truth_of(store: Store, collection: Path) -> Truth:
    """The true regions of a rendered collection.

    Returns
    -------
    callable
        Given an image_id and a reference species, the region in which the specimen differs from that species, at image
        resolution, bool (height, width).
    """

    def truth(image_id: str, reference: str) -> npt.NDArray[np.bool_]:
        return true_region_of(collection, Path(store.place(image_id)).stem, reference)

    return truth


def write_energies(energies: pd.DataFrame, run: str, folder: Path) -> dict[str, Interval]:
    """Write energy.csv, with every specimen, and energy.json, with the intervals over specimens; the intervals."""
    folder.mkdir(exist_ok=True)
    energies.to_csv(folder / "energy.csv", index=False)
    intervals = energy_intervals(energies)
    content = {"run": run, "energy": {name: asdict(interval) for name, interval in intervals.items()}}
    (folder / "energy.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
    return intervals


def draw_pictures(store: Store, truth: Truth, folder: Path) -> list[Path]:
    """Draw one picture per genus, with one test specimen of each species against its first congener.

    Returns
    -------
    list of Path
        The PNG files written.
    """
    tests = store.specimens[store.specimens["split"] == "test"]
    first = tests.sort_values("image_id").drop_duplicates("scientificName")
    paths = []
    for genus, rows in first.groupby("genus", sort=True):
        path = folder / f"maps-{genus}.png"
        made = store.provenance
        footer = f"γ = {GAMMA}, {made.classifier.target_layer}, run {made.run}; blue: the true difference"
        pictures = [_row(store, truth, image_id) for image_id in rows["image_id"].head(ROWS)]
        maps_picture(pictures, ("Grad-CAM", "Finer-CAM"), path, footer=footer)
        paths.append(path)
    return paths


def _row(store: Store, truth: Truth, image_id: str) -> PictureRow:
    """One specimen against its closest congener."""
    record, image = store.record(image_id), store.image(image_id)
    reference = record.classes[1]
    grids = np.stack([pair_map(record, 1, gamma) for gamma in (0.0, GAMMA)])
    maps = to_image(grids, store.preparation.window(image.size), image.size)
    title = f"{record.scientificName}\nfrom {reference}"
    return PictureRow(title, np.asarray(image), list(maps), truth(image_id, reference))
