"""Masks as indexed PNG files in Fish-Vista's own form, with a JSON file beside each that says what it is."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from PIL import Image

from finercam_core.export.colours import palette
from finercam_core.export.records import MaskRecord
from finercam_core.export.writer import MaskWriter, file_stem
from finercam_core.store import Store
from finercam_core.traits import traits_of

NAMES = "seg_id_trait_map.json"
UNNAMED = 255


class PngWriter(MaskWriter):
    """Writes ``images/<image_id>.png`` with one value a trait, and ``images/<image_id>.json``.

    A region without a trait has the value 255, "discriminative region". Several regions of one specimen go into one
    file; where they overlap, the later one shows.
    """

    def __init__(self, folder: Path, store: Store) -> None:
        super().__init__(folder, store)
        self.names = {trait.name: trait.id for trait in traits_of(store)}

    def __enter__(self) -> Self:
        (self.folder / "images").mkdir(parents=True, exist_ok=True)
        labels = {"0": "Background", **{str(number): name for name, number in self.names.items()}}
        labels[str(UNNAMED)] = "discriminative region"
        (self.folder / NAMES).write_text(json.dumps(labels, indent=1), encoding="utf-8")
        return self

    def add(self, records: Sequence[MaskRecord]) -> None:
        """See `MaskWriter.add`."""
        image_id, values = records[0].image_id, np.zeros(records[0].mask.shape, np.uint8)
        regions: list[dict[str, Any]] = []
        for record in records:
            value = self.names.get(record.about["trait"], UNNAMED)
            values[record.mask] = value
            regions.append({**record.about, "value": value, "place": record.place})
        picture = Image.fromarray(values, mode="P")
        picture.putpalette(palette())
        stem = self.folder / "images" / file_stem(image_id)
        picture.save(stem.with_name(f"{stem.name}.png"), optimize=True)
        about = json.dumps({"image_id": image_id, "regions": regions}, indent=1, ensure_ascii=False)
        stem.with_name(f"{stem.name}.json").write_text(about, encoding="utf-8")
        self.count += len(records)
