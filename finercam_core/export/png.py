"""Masks as indexed PNG files in Fish-Vista's own form, with a JSON file beside each that says what it is."""

import json
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from PIL import Image

from finercam_core.export.records import MaskRecord
from finercam_core.store import Store
from finercam_core.traits import traits_of

NAMES = "seg_id_trait_map.json"
UNNAMED = 255
_PALETTE = (
    (0, 0, 0), (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0),
    (204, 121, 167), (148, 103, 189), (140, 86, 75), (188, 189, 34), (23, 190, 207), (127, 127, 127), (44, 160, 44),
)  # fmt: skip


class PngWriter:
    """Writes ``images/<image_id>.png`` with one value a trait, and ``images/<image_id>.json``.

    A region without a trait has the value 255, "discriminative region". Several regions of one specimen go into one
    file; where they overlap, the later one shows.
    """

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder = folder / "images"
        self.names = {trait.name: trait.id for trait in traits_of(store)}
        self.root = folder
        self.count = 0

    def __enter__(self) -> "PngWriter":
        self.folder.mkdir(parents=True, exist_ok=True)
        labels = {"0": "Background", **{str(number): name for name, number in self.names.items()}}
        labels[str(UNNAMED)] = "discriminative region"
        (self.root / NAMES).write_text(json.dumps(labels, indent=1), encoding="utf-8")
        self._seen: set[str] = set()
        return self

    def add(self, record: MaskRecord) -> None:
        """Write one mask, into the file of its specimen."""
        stem = self.folder / file_stem(record.image_id)
        png, text = stem.with_name(f"{stem.name}.png"), stem.with_name(f"{stem.name}.json")
        again = record.image_id in self._seen
        values = np.array(Image.open(png)) if again else np.zeros(record.mask.shape, np.uint8)
        fresh: dict[str, Any] = {"image_id": record.image_id, "regions": []}
        about = json.loads(text.read_text(encoding="utf-8")) if again else fresh
        value = self.names.get(record.about["trait"], UNNAMED)
        values[record.mask] = value
        about["regions"].append({**record.about, "value": value, "place": record.place})
        picture = Image.fromarray(values, mode="P")
        picture.putpalette(palette())
        picture.save(png, optimize=True)
        text.write_text(json.dumps(about, indent=1, ensure_ascii=False), encoding="utf-8")
        self._seen.add(record.image_id)
        self.count += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _t: TracebackType | None) -> None:
        pass


def file_stem(image_id: str) -> str:
    """File name of a specimen: its id, with what a folder or a file system would misread as %XX."""
    safe = "".join(c if c.isalnum() or c in "-_." else "".join(f"%{b:02X}" for b in c.encode()) for c in image_id)
    return safe.lstrip(".")[:150] or "%00"


def palette() -> list[int]:
    """Colours of the 256 values, distinguishable by colour-blind people for the first eight; 255 is white."""
    colours = [*_PALETTE, *((v, v, v) for v in range(len(_PALETTE), 256))]
    return [channel for colour in colours for channel in colour]
