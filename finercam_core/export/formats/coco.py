"""Masks as one COCO file with run-length encodings, which keep holes and every pixel."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from finercam_core.export.formats.mask_writer import MaskWriter
from finercam_core.export.mask_records import MaskRecord
from finercam_core.io.atomic import complete_or_absent
from finercam_core.regions.rle import encode
from finercam_core.regions.shape import region_shape
from finercam_core.store import Store

FILE = "annotations.json"


class CocoWriter(MaskWriter):
    """Streams annotations into ``annotations.json``; the description of a mask is its ``attributes``."""

    def __init__(self, folder: Path, store: Store) -> None:
        super().__init__(folder, store)
        self.images: list[dict[str, object]] = []
        self.categories: dict[str, int] = {}
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
        size = {"id": len(self.images) + 1, "file_name": first.address, "width": width, "height": height}
        license = self.licenses.setdefault(first.about.license, len(self.licenses) + 1)
        whose = {"license": license, "rightsHolder": first.about.rightsHolder}
        self.images.append({**size, "image_id": first.image_id, **whose})
        for record in records:
            annotation = self._annotation(record)
            self._file.write((",\n" if self.count else "\n") + json.dumps(annotation, ensure_ascii=False))
            self.count += 1

    def _annotation(self, record: MaskRecord) -> dict[str, object]:
        name = record.about.trait or "discriminative region"
        category = self.categories.setdefault(name, len(self.categories) + 1)
        shape = region_shape(record.mask)
        return {
            "id": self.count + 1, "image_id": len(self.images), "category_id": category, "iscrowd": 0,
            "segmentation": encode(record.mask), "area": shape.area, "bbox": shape.bbox,
            "attributes": record.about.to_json(),
        }  # fmt: skip

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, t: TracebackType | None) -> None:
        made = self.store.provenance
        rest = {
            "images": self.images,
            "categories": [{"id": number, "name": name} for name, number in self.categories.items()],
            "licenses": [{"id": number, "name": name, "url": _url(name)} for name, number in self.licenses.items()],
            "info": {"description": f"finercam masks of {made.collection}", "provenance": made.to_json()},
        }
        self._file.write("\n],\n" + json.dumps(rest, ensure_ascii=False)[1:] + "\n")
        self._stack.__exit__(kind, error, t)


def _url(license: str) -> str:
    return license if license.startswith(("http://", "https://")) else ""
