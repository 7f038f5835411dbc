"""CUB-200-2011: birds by common names, with boxes and segmentations."""

from pathlib import Path
from types import MappingProxyType

import pandas as pd

from finercam_core.catalog.manifest import Masks
from finercam_core.catalog.readers.lists import box_or_words, box_text, numbered, read_list, unplaced
from finercam_core.catalog.source import CatalogSource, MappedTable
from finercam_core.catalog.trait_labels import TraitLabels
from finercam_core.io.raw_tables import Notice

SIGN = "image_class_labels.txt"
# The segmentations hold how many of five people marked a pixel: 0, 51, 102 … 255.
TRAITS = TraitLabels(
    MappingProxyType({0: "background", **{51 * n: f"bird, marked by {n} of 5" for n in range(1, 6)}}), whole=True
)
_COLUMNS = {
    "image_id": ["{path:stem}"],
    "path": ["images/{path}"],
    "scientificName": ["{class:words}"],
    "vernacularName": ["{class:words}"],
    # The last word of a common name (Albatross, Warbler) groups look-alikes as a genus does.
    "genus": ["{class:words|last}"],
    "split": ["split"],
    "boundingBox": ["box"],
}
_BOX = ("image", "x", "y", "width", "height")
_LISTS = {SIGN: ("image", "number"), "train_test_split.txt": ("image", "train"), "bounding_boxes.txt": _BOX}


def read_cub(folder: Path) -> CatalogSource:
    """Read the lists of CUB-200-2011; segmentations are used where they were unpacked into `segmentations/`.

    Birds have common names, so the classes are taken verbatim; `genus` is the last word of the name.
    """
    images = read_list(folder / "images.txt", ("image", "path"))
    notices: list[Notice] = []
    for name, columns in _LISTS.items():
        if name == SIGN or (folder / name).is_file():
            lines = read_list(folder / name, columns)
            notices += unplaced(folder / name, lines, images.index)
            images = images.join(lines)
    images = images.join(read_list(folder / "classes.txt", ("number", "class")), on="number")
    frame = images.fillna("").reset_index(drop=True).astype("str")
    frame["split"] = frame["train"].replace({"1": "train", "0": "test"}) if "train" in frame else ""
    frame["box"] = _box(frame) if "x" in frame else ""
    masks = Masks(path="segmentations/{path:parent}/{path:stem}.png")
    tables = [MappedTable(numbered("images.txt", frame), _COLUMNS)]
    return CatalogSource("CUB-200-2011", str(folder), tables, "verbatim", masks, TRAITS, notices=notices)


def _box(frame: pd.DataFrame) -> pd.Series:
    x, y, width, height = (pd.to_numeric(frame[name], errors="coerce") for name in _BOX[1:])
    return box_or_words(box_text(x, y, x + width, y + height), frame[list(_BOX[1:])])
