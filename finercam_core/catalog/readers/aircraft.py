"""FGVC-Aircraft: variants stand where species do, families where genera do, makers where families do."""

from functools import reduce
from pathlib import Path

import pandas as pd

from finercam_core.catalog.columns import SPLITS
from finercam_core.catalog.readers.lists import boxes, read_list
from finercam_core.catalog.source import Part, Source
from finercam_core.errors import CatalogError
from finercam_core.io.tables import RawTable

SIGN = "images_variant_train.txt"
_COLUMNS = {
    "image_id": ["image"],
    "path": ["images/{image}.jpg"],
    "scientificName": ["variant"],
    "genus": ["family"],
    "family": ["manufacturer"],
    "boundingBox": ["box"],
}


def read_aircraft(folder: Path) -> Source:
    """Read the lists of FGVC-Aircraft from its folder or the `data` folder in it."""
    base = folder if (folder / SIGN).is_file() else folder / "data"
    boxed = read_list(base / "images_box.txt", _BOX) if (base / "images_box.txt").is_file() else None
    parts = [Part(_split(base, split, boxed), _COLUMNS, {}, split) for split in SPLITS
             if (base / f"images_variant_{split}.txt").is_file()]  # fmt: skip
    if not parts:
        raise CatalogError(f"{folder} has no {SIGN}", "give the data folder of FGVC-Aircraft")
    return Source("FGVC-Aircraft", str(base), parts, names="verbatim")


_BOX = ("image", "left", "top", "right", "bottom")


def _split(base: Path, split: str, boxed: pd.DataFrame | None) -> RawTable:
    levels = [level for level in ("variant", "family", "manufacturer")
              if (base / f"images_{level}_{split}.txt").is_file()]  # fmt: skip
    tables = [read_list(base / f"images_{level}_{split}.txt", ("image", level)) for level in levels]
    table = reduce(lambda left, right: left.join(right), tables)
    table = table.reindex(columns=["variant", "family", "manufacturer"]).fillna("")
    table["box"] = "" if boxed is None else boxes(*(boxed[name] for name in _BOX[1:])).reindex(table.index).fillna("")
    frame = table.reset_index().astype("str")
    return RawTable(f"images_variant_{split}.txt", frame.set_axis(pd.RangeIndex(1, len(frame) + 1)))
