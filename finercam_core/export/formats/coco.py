"""Masks as one COCO file: polygons where they keep every pixel, run lengths elsewhere, compressed ones beside both."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask

from finercam_core.export.categories import Categories
from finercam_core.export.formats.mask_writer import DISCRIMINATIVE, MaskWriter, label_of, region_id
from finercam_core.export.formats.png import UNNAMED
from finercam_core.export.mask_records import MaskRecord
from finercam_core.extras import installed
from finercam_core.io.atomic import complete_or_absent
from finercam_core.regions.polygons import connected_parts
from finercam_core.regions.rle import encode
from finercam_core.regions.shape import region_shape
from finercam_core.regions.traits import offered_traits
from finercam_core.store import Store

FILE = "annotations.json"


def polygons(mask: npt.NDArray[np.bool_]) -> list[list[float]]:
    """Outlines of a mask as COCO writes them, x and y in turn; [] unless they give every pixel of it back.

    A mask with holes has none, nor has any mask where rasterio is not installed.
    """
    if not installed("rasterio"):
        return []
    parts = connected_parts(mask)
    if not parts or any(len(rings) > 1 for rings in parts):
        return []
    rings = [exterior.astype(float).ravel().tolist() for (exterior,) in parts]
    drawn = coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(rings, *mask.shape)))
    return rings if np.array_equal(drawn, mask) else []


def run_lengths(mask: npt.NDArray[np.bool_]) -> dict[str, object]:
    """A mask as COCO's plain run lengths, of columns from the left, which begin with pixels outside."""
    flat = np.concatenate([[False], mask.ravel(order="F"), [not mask.size or not mask[-1, -1]]])
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    counts = np.diff(np.concatenate([[0], changes])) if changes.size else np.array([mask.size])
    return {"size": list(mask.shape), "counts": [int(count) for count in counts]}


class CocoWriter(MaskWriter):
    """Streams annotations into ``annotations.json``; the description of a mask is its ``attributes``."""

    files = (FILE,)

    def __init__(self, folder: Path, store: Store) -> None:
        super().__init__(folder, store)
        self.images: list[dict[str, object]] = []
        traits = {trait.name: trait.id for trait in offered_traits(store)}
        self.categories = Categories(folder, {**traits, DISCRIMINATIVE: UNNAMED})
        self.licenses: dict[str, int] = {}
        self._stack = ExitStack()
        self._file: IO[str]

    def __enter__(self) -> Self:
        self._file = self._stack.enter_context(complete_or_absent(self.folder / FILE))
        self._file.write('{"annotations": [')
        return self

    def add(self, records: Sequence[MaskRecord]) -> None:
        """See `MaskWriter.add`."""
        first = records[0]
        height, width = first.mask.shape
        size = {"id": len(self.images) + 1, "file_name": first.place, "width": width, "height": height}
        license = self.licenses.setdefault(first.about.license, len(self.licenses) + 1)
        whose = {"license": license, "rightsHolder": first.about.rightsHolder}
        self.images.append({**size, "image_id": first.image_id, **whose})
        for record in records:
            annotation = self._annotation(record)
            self._file.write((",\n" if self.count else "\n") + json.dumps(annotation, ensure_ascii=False))
            self.count += 1

    def _annotation(self, record: MaskRecord) -> dict[str, object]:
        category, shape = self.categories.number(label_of(record)), region_shape(record.mask)
        outlines = polygons(record.mask) if self.settings.outlines == "polygons" else []
        return {
            "id": self.count + 1, "image_id": len(self.images), "category_id": category, "iscrowd": 0,
            "segmentation": outlines or run_lengths(record.mask), "rle": encode(record.mask),
            "area": shape.area, "bbox": shape.bbox, "region": region_id(record), "attributes": record.about.to_json(),
        }  # fmt: skip

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, t: TracebackType | None) -> None:
        made = self.store.provenance
        rest = {
            "images": self.images,
            "categories": [
                {"id": number, "name": name, "supercategory": "region" if name == DISCRIMINATIVE else "trait"}
                for name, number in self.categories.numbers.items()
            ],
            "licenses": [{"id": number, "name": name, "url": _url(name)} for name, number in self.licenses.items()],
            "info": {"description": f"finercam masks of {made.collection}", "provenance": self.provenance()},
        }
        self._file.write("\n],\n" + json.dumps(rest, ensure_ascii=False)[1:] + "\n")
        self._stack.__exit__(kind, error, t)
        if kind is None:
            self.categories.save()


def _url(license: str) -> str:
    return license if license.startswith(("http://", "https://")) else ""
