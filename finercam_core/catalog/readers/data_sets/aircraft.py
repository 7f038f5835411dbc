"""FGVC-Aircraft: variants stand where species do, families where genera do, makers where families do."""

from functools import reduce
from pathlib import Path

import pandas as pd

from finercam_core.catalog.columns import SPLITS
from finercam_core.catalog.readers.lists import box_or_words, box_text, numbered, read_list, unplaced
from finercam_core.catalog.source import CatalogSource, MappedTable
from finercam_core.errors import CatalogError
from finercam_core.io.raw_tables import Notice, RawTable

SIGN = "images_variant_train.txt"
_COLUMNS = {
    "image_id": ["image"],
    "path": ["images/{image}.jpg"],
    "scientificName": ["variant"],
    "genus": ["family"],
    "family": ["manufacturer"],
    "boundingBox": ["box"],
}
_BOX = ("image", "left", "top", "right", "bottom")
_LEVELS = ("variant", "family", "manufacturer")


def read_aircraft(folder: Path) -> CatalogSource:
    """Read the lists of FGVC-Aircraft from its folder or the `data` folder in it; raises `CatalogError`."""
    base = folder if (folder / SIGN).is_file() else folder / "data"
    boxes = base / "images_box.txt"
    corners = read_list(boxes, _BOX) if boxes.is_file() else None
    present = [split for split in SPLITS if (base / f"images_variant_{split}.txt").is_file()]
    if not present:
        raise CatalogError(f"{folder} has no {SIGN}", "give the data folder of FGVC-Aircraft")
    tables = [MappedTable(_read_split(base, split, corners), _COLUMNS, {}, split) for split in present]
    return CatalogSource("FGVC-Aircraft", str(base), tables, names="verbatim", notices=_unplaced(base, tables))


def _unplaced(base: Path, tables: list[MappedTable]) -> list[Notice]:
    """Lines of the lists of families, makers, boxes and joined splits whose images have no variant there."""
    listed = {table.split: pd.Index(table.raw.frame["image"]) for table in tables}
    everything = pd.Index([image for images in listed.values() for image in images])
    notices = []
    for path in sorted(base.glob("images_*_*.txt")):
        _, level, split = path.stem.split("_", 2)
        if level in _LEVELS:
            images = listed.get(split, everything[:0] if split in SPLITS else everything)
            notices += unplaced(path, read_list(path, ("image", level)), images)
    boxes = base / "images_box.txt"
    return notices + (unplaced(boxes, read_list(boxes, _BOX), everything) if boxes.is_file() else [])


def _read_split(base: Path, split: str, corners: pd.DataFrame | None) -> RawTable:
    """The images of one split with their variant, family, manufacturer and box."""
    lists = {level: base / f"images_{level}_{split}.txt" for level in _LEVELS}
    tables = [read_list(path, ("image", level)) for level, path in lists.items() if path.is_file()]
    table = (
        reduce(lambda left, right: left.join(right), tables)
        .reindex(columns=[*_LEVELS, "box"], fill_value="")
        .fillna("")
    )
    if corners is not None:
        box = box_or_words(box_text(*(corners[name] for name in _BOX[1:])), corners[list(_BOX[1:])])
        table["box"] = box.reindex(table.index).fillna("")
    return numbered(f"images_variant_{split}.txt", table.reset_index().astype("str"))
