"""Masks as annotations of a IIIF Presentation 3 manifest, whose canvases are the photographs."""

import json
import re
from collections.abc import Sequence, Set
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

from finercam_core.export.formats.mask_writer import MaskWriter, need_polygons, region_id
from finercam_core.export.formats.web_annotation import Json, annotation
from finercam_core.export.mask_records import MaskRecord
from finercam_core.export.photographs import copy_photograph
from finercam_core.io.addresses import is_web
from finercam_core.io.atomic import complete_or_absent
from finercam_core.store import Store

FILE, IMAGES = "manifest.json", "images"
CONTEXT = "http://iiif.io/api/presentation/3/context.json"
_RIGHTS = re.compile(r"https?(://(?:creativecommons\.org/(?:licenses|publicdomain)|rightsstatements\.org/vocab)/.+)")
_KINDS = {".png": "image/png", ".jpg": "image/jpeg"}


class IiifWriter(MaskWriter):
    """Streams ``manifest.json``, and copies photographs that have no address of their own into ``images``.

    All addresses begin with `base_url`, at which the folder is to be served.

    Raises
    ------
    ExportError
        If rasterio is not installed.
    """

    files, folders = (FILE,), (IMAGES,)

    def __init__(self, folder: Path, store: Store) -> None:
        super().__init__(folder, store)
        need_polygons("IIIF")
        self._canvases = 0
        self._copies: set[Path] = set()
        self._stack = ExitStack()
        self._file: IO[str]

    def __enter__(self) -> Self:
        (self.folder / IMAGES).mkdir(parents=True, exist_ok=True)
        self._file = self._stack.enter_context(complete_or_absent(self.folder / FILE))
        made = self.store.provenance
        facts = {"collection": made.collection, "run": made.run, "method": made.method,
                 "weights SHA-256": made.classifier.weights_sha256}  # fmt: skip
        head = {
            "@context": CONTEXT, "id": f"{self._base}/{FILE}", "type": "Manifest",
            "label": _words(f"finercam masks of {made.collection}"),
            "metadata": [{"label": _words(name), "value": _words(value)} for name, value in facts.items()],
        }  # fmt: skip
        self._file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "items": [')
        return self

    @property
    def _base(self) -> str:
        return self.settings.base_url.rstrip("/")

    def earlier(self) -> dict[Path, str]:
        """See `MaskWriter.earlier`: the copies of photographs that the present manifest names."""
        try:
            canvases = json.loads((self.folder / FILE).read_bytes())["items"]
            named = {str(canvas["finercam"]["image"]): str(canvas["finercam"]["image_id"]) for canvas in canvases}
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        found = {self.folder / IMAGES / Path(name).name: image_id for name, image_id in named.items() if name}
        return {path: image_id for path, image_id in found.items() if path.is_file()}

    def renewed(self, path: Path, image_id: str, written: Set[str]) -> bool:
        """See `MaskWriter.renewed`."""
        return path in self._copies

    def add(self, records: Sequence[MaskRecord]) -> None:
        """See `MaskWriter.add`."""
        canvas = self._canvas(records)
        self._file.write((",\n" if self._canvases else "\n") + json.dumps(canvas, ensure_ascii=False))
        self._canvases += 1
        self.count += len(records)

    def _canvas(self, records: Sequence[MaskRecord]) -> Json:
        first = records[0]
        height, width = first.mask.shape
        name = self.names.of(first.image_id)
        here = f"{self._base}/canvas/{quote(name)}"
        size: Json = {"width": width, "height": height}
        picture, copied = self._picture(first, name)
        painted = {
            "id": f"{here}/photograph", "type": "Annotation", "motivation": "painting", "target": here,
            "body": {**picture, **size},
        }  # fmt: skip
        regions = [annotation(record, f"{here}/regions/{quote(region_id(record))}", here) for record in records]
        return {
            "id": here, "type": "Canvas", "label": _words(first.image_id), **size, **_owner(first),
            "metadata": [{"label": _words("scientificName"), "value": _words(first.about.scientificName)}],
            "items": [{"id": f"{here}/page", "type": "AnnotationPage", "items": [painted]}],
            "annotations": [{"id": f"{here}/regions", "type": "AnnotationPage", "items": regions}],
            "finercam": {"image_id": first.image_id, "image": copied},
        }  # fmt: skip

    def _picture(self, record: MaskRecord, name: str) -> tuple[Json, str]:
        """The photograph at its own address, or a copy below this one and the copy's name."""
        if is_web(record.place) and record.place == record.address:
            kind = _KINDS.get(Path(record.place).suffix.lower(), "image/jpeg")
            return {"id": record.place, "type": "Image", "format": kind}, ""
        copy = copy_photograph(record, self.store.images_root, self.folder / IMAGES / name)
        self._copies.add(copy)
        address = f"{self._base}/{IMAGES}/{quote(copy.name)}"
        return {"id": address, "type": "Image", "format": _KINDS[copy.suffix]}, copy.name

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, t: TracebackType | None) -> None:
        self._file.write("\n]}\n")
        self._stack.__exit__(kind, error, t)


def _words(text: str) -> Json:
    """A text of no language, as IIIF writes it."""
    return {"none": [text]}


def _owner(record: MaskRecord) -> Json:
    """The photograph's licence, as `rights` where IIIF knows it, and its holder."""
    license, holder = record.about.license, record.about.rightsHolder
    said: Json = {}
    if (known := _RIGHTS.fullmatch(license)) is not None:
        said["rights"] = f"http{known[1]}"  # the vocabularies' own identifiers begin with http
    stated = "; ".join(part for part in (holder, license) if part)
    if stated:
        said["requiredStatement"] = {"label": _words("Rights"), "value": _words(stated)}
    return said
