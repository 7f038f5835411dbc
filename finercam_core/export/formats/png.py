"""Masks as indexed PNG files as in Fish-Vista, each with a JSON file that says what it is."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from PIL import Image

from finercam_core.export.formats.mask_writer import DISCRIMINATIVE, MaskWriter
from finercam_core.export.mask_records import MaskRecord
from finercam_core.images.palette import indexed_palette
from finercam_core.io.atomic import replacing, write_whole
from finercam_core.regions.traits import offered_traits
from finercam_core.store import Store

NAMES = "seg_id_trait_map.json"
UNNAMED = 255


class PngWriter(MaskWriter):
    """Writes ``images/<image_id>.png`` with one value per trait, and ``images/<image_id>.json``.

    A region without a trait has the value 255, "discriminative region". Several regions of one specimen go into one
    file; where they overlap, the later one shows.
    """

    apart, folders = True, ("images",)

    def __init__(self, folder: Path, store: Store) -> None:
        super().__init__(folder, store)
        self.values = {trait.name: trait.id for trait in offered_traits(store)}

    def __enter__(self) -> Self:
        (self.folder / "images").mkdir(parents=True, exist_ok=True)
        labels = {"0": "Background", **{str(number): name for name, number in self.values.items()}}
        labels[str(UNNAMED)] = DISCRIMINATIVE
        write_whole(self.folder / NAMES, json.dumps(labels, indent=1))
        return self

    def earlier(self) -> dict[Path, str]:
        """See `MaskWriter.earlier`."""
        found: dict[Path, str] = {}
        for path in sorted((self.folder / "images").glob("*.json")):
            try:
                about = json.loads(path.read_bytes())
            except (OSError, ValueError):
                continue
            if isinstance(about, dict) and {"image_id", "regions"} <= about.keys():
                found |= dict.fromkeys((path, path.with_suffix(".png")), str(about["image_id"]))
        return {path: image_id for path, image_id in found.items() if path.is_file()}

    def add(self, records: Sequence[MaskRecord]) -> None:
        """See `MaskWriter.add`."""
        path = self.folder / "images" / f"{self.names.of(records[0].image_id)}.png"
        write_masks(path, records[0].image_id, records[0].mask.shape, records, self.values)
        self.count += len(records)


def write_masks(
    path: Path, image_id: str, shape: tuple[int, ...], records: Sequence[MaskRecord], names: Mapping[str, int]
) -> Path:
    """Write the masks of one specimen as an indexed PNG, and a JSON file beside it.

    Parameters
    ----------
    path : Path
        The PNG.
    image_id : str
    shape : (int, int)
        Height and width of its photograph.
    records : sequence of MaskRecord
    names : mapping of str to int
        The value of each trait; `UNNAMED` for those that are not in it.

    Returns
    -------
    Path of the JSON file.
    """
    values = np.zeros(shape, np.uint8)
    regions: list[dict[str, object]] = []
    for record in records:
        value = names.get(record.about.trait, UNNAMED)
        values[record.mask] = value
        regions.append({**record.about.to_json(), "value": value, "place": record.place})
    write_indexed(path, values)
    beside = path.with_suffix(".json")
    about = {"image_id": image_id, "regions": regions}
    write_whole(beside, json.dumps(about, indent=1, ensure_ascii=False))
    return beside


def write_indexed(path: Path, values: npt.NDArray[np.uint8]) -> None:
    """Write values (height, width) as a PNG that shows each in a colour of its own."""
    picture = Image.fromarray(values, mode="P")
    picture.putpalette(indexed_palette())
    write_png(path, picture, optimize=True)


def write_png(path: Path, picture: Image.Image, *, optimize: bool = False) -> None:
    """Write a picture so that it is there whole or not at all."""
    with replacing(path) as partial:
        picture.save(partial, "PNG", optimize=optimize)
