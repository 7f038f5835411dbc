"""Masks as one COCO file with run-length encodings, which keep holes and every pixel."""

import json
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from finercam_core.export.records import MaskRecord
from finercam_core.regions import measure
from finercam_core.rle import encode
from finercam_core.store import Store

FILE = "annotations.json"


class CocoWriter:
    """Streams annotations to disk, so that memory does not grow with their number.

    Parameters
    ----------
    folder : Path
    store : Store
        For the provenance in ``info``.
    """

    def __init__(self, folder: Path, store: Store) -> None:
        self.path = folder / FILE
        self.store = store
        self.images: dict[str, dict[str, Any]] = {}
        self.categories: dict[str, int] = {}
        self.count = 0
        self._file: IO[str] | None = None

    def __enter__(self) -> "CocoWriter":
        self._file = self.path.with_suffix(".partial").open("w", encoding="utf-8")
        self._file.write('{"annotations": [')
        return self

    def add(self, record: MaskRecord) -> None:
        """Append one mask; what it shows is under ``attributes``."""
        assert self._file is not None
        height, width = record.mask.shape
        image = self.images.setdefault(
            record.image_id,
            {"id": len(self.images) + 1, "file_name": record.place, "width": width, "height": height}
            | {"image_id": record.image_id, "license": record.about["license"]},
        )
        name = record.about["trait"] or "discriminative region"
        category = self.categories.setdefault(name, len(self.categories) + 1)
        found = measure(record.mask)
        annotation = {
            "id": self.count + 1, "image_id": image["id"], "category_id": category, "iscrowd": 0,
            "segmentation": encode(record.mask), "area": found["area"], "bbox": found.get("bbox", [0, 0, 0, 0]),
            "attributes": record.about,
        }  # fmt: skip
        self._file.write((",\n" if self.count else "\n") + json.dumps(annotation, ensure_ascii=False))
        self.count += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _t: TracebackType | None) -> None:
        assert self._file is not None
        made = self.store.provenance
        rest = {
            "images": list(self.images.values()),
            "categories": [{"id": number, "name": name} for name, number in self.categories.items()],
            "info": {"description": f"finercam masks of {made['collection']}", "provenance": made},
        }
        self._file.write("\n],\n" + json.dumps(rest, ensure_ascii=False)[1:] + "\n")
        self._file.close()
        if error is None:
            self.path.with_suffix(".partial").replace(self.path)
