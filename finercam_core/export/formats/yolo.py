"""Masks as YOLO's segments beside their photographs, in the layout of Ultralytics."""

import json
from collections.abc import Sequence, Set
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from finercam_core.export.categories import Categories
from finercam_core.export.formats.mask_writer import DISCRIMINATIVE, MaskWriter, label_of, need_polygons, region_id
from finercam_core.export.mask_records import MaskRecord
from finercam_core.export.photographs import copy_photograph
from finercam_core.io.atomic import complete_or_absent, write_whole
from finercam_core.regions.outline import Mask
from finercam_core.regions.polygons import connected_parts, through_pixels
from finercam_core.regions.traits import offered_traits
from finercam_core.store import Store

DATA, REGIONS, CLASSES = "data.yaml", "regions.jsonl", "classes.json"
SPLITS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
# Programs round corners to pixels (supervision) or cut them off (ultralytics): both give the pixel back.
_WITHIN_PIXEL = 0.49


def segments(mask: Mask) -> list[str]:
    """A mask as YOLO's segments: x and y in turn, in fractions of the image, one text for each connected part.

    Filled with OpenCV's `fillPoly`, as ultralytics and supervision do at the photograph's size, they give every pixel
    of the mask back; a hole is reached by a line to it and back.

    Parameters
    ----------
    mask : bool array (height, width)
    """
    height, width = mask.shape
    lines = (through_pixels(part, mask) + _WITHIN_PIXEL for part in connected_parts(mask))
    return [" ".join(f"{value:.8f}" for value in (line / (width, height)).ravel()) for line in lines]


class YoloWriter(MaskWriter):
    """Writes ``data.yaml``, and for each specimen its photograph and ``labels/<split>/<image_id>.txt``.

    ``regions.jsonl`` says for each row of the labels of which region it is, and how that was made.

    Raises
    ------
    ExportError
        If rasterio is not installed.
    """

    files = (DATA, REGIONS)
    folders = ("images", *(f"images/{split}" for split in ("train", "val", "test")))

    def __init__(self, folder: Path, store: Store) -> None:
        super().__init__(folder, store)
        need_polygons("YOLO's form of masks")
        self.classes = Categories(folder, {}, CLASSES)
        for name in (*(trait.name for trait in offered_traits(store)), DISCRIMINATIVE):
            self._class(name)
        self.splits: set[str] = set()
        self._written: set[Path] = set()
        self._stack = ExitStack()
        self._file: IO[str]

    def _class(self, name: str) -> int:
        return self.classes.number(name, len(self.classes.numbers))

    def __enter__(self) -> Self:
        self._file = self._stack.enter_context(complete_or_absent(self.folder / REGIONS))
        return self

    def earlier(self) -> dict[Path, str]:
        """See `MaskWriter.earlier`: the files that the present ``regions.jsonl`` names."""
        found: dict[Path, str] = {}
        try:
            for line in (self.folder / REGIONS).read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                for part in ("image", "labels"):
                    path = self.folder / entry[part]
                    if path.resolve().is_relative_to(self.folder.resolve()):
                        found[path] = str(entry["image_id"])
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return {path: image_id for path, image_id in found.items() if path.is_file()}

    def renewed(self, path: Path, image_id: str, written: Set[str]) -> bool:
        """See `MaskWriter.renewed`."""
        return path in self._written

    def add(self, records: Sequence[MaskRecord]) -> None:
        """See `MaskWriter.add`."""
        first = records[0]
        name = self.names.of(first.image_id)
        split = SPLITS.get(str(self.store.row(first.image_id)["split"]).lower(), "train")
        stem, labels = self.folder / "images" / split / name, self.folder / "labels" / split / f"{name}.txt"
        stem.parent.mkdir(parents=True, exist_ok=True)
        image = copy_photograph(first, self.store.images_root, stem)
        rows: list[str] = []
        regions: list[dict[str, object]] = []
        for record in records:
            own = [f"{self._class(label_of(record))} {segment}" for segment in segments(record.mask)]
            regions.append({"region": region_id(record), "rows": len(own), **record.about.to_json()})
            rows += own
        write_whole(labels, "".join(f"{row}\n" for row in rows))
        self._written |= {image, labels}
        self.splits.add(split)
        places = {"image": image.relative_to(self.folder).as_posix(),
                  "labels": labels.relative_to(self.folder).as_posix()}  # fmt: skip
        entry = {"image_id": first.image_id, "place": first.place, **places, "regions": regions}
        self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self.count += len(records)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, t: TracebackType | None) -> None:
        if kind is None:
            write_whole(self.folder / DATA, self._description())
            self.classes.save()
        self._stack.__exit__(kind, error, t)

    def _description(self) -> str:
        """What ultralytics reads; a data set must have a "val" there."""
        lines = [f"# finercam masks of {yaml_text(self.store.provenance.collection)}, run {self.store.provenance.run}"]
        for split in ("train", "val"):
            there = split if split in self.splits else min(self.splits, default="train")
            if there != split:
                lines.append(
                    f'# No specimen is in the split "{split}", "{there}" stands in: nothing is held out by it.'
                )
            lines.append(f"{split}: images/{there}")
        lines += ["test: images/test"] if "test" in self.splits else []
        by_number = sorted((number, name) for name, number in self.classes.numbers.items())
        return "\n".join([*lines, "names:", *(f"  {number}: {yaml_text(name)}" for number, name in by_number)]) + "\n"


def yaml_text(text: str) -> str:
    """A text as YAML holds any: in quotes, with what cannot be printed by its number."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in quoted)
