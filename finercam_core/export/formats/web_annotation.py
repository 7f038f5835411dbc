"""Masks as W3C Web Annotations: JSON-LD that says which part of which picture is what."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import starmap
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

from finercam_core.export.formats.mask_writer import MaskWriter, need_polygons, region_id
from finercam_core.export.mask_records import MaskRecord
from finercam_core.io.addresses import is_web
from finercam_core.io.atomic import complete_or_absent
from finercam_core.regions.outline import Mask
from finercam_core.regions.polygons import connected_parts, svg_path
from finercam_core.regions.shape import region_shape
from finercam_core.store import Store

FILE = "annotations.jsonld"
CONTEXT = "http://www.w3.org/ns/anno.jsonld"
MOTIVATIONS = ("commenting", "identifying")  # Mirador shows what comments or tags
_OBO = "http://purl.obolibrary.org/obo/"
_JUDGED = {"accept": "accepted", "reject": "rejected", "unsure": "left open"}
Json = dict[str, object]


def selectors(mask: Mask) -> list[Json]:
    """Three ways to say the same part of a picture: every pixel, the box around them, and IIIF's region of that box.

    Parameters
    ----------
    mask : bool array (height, width)

    Returns
    -------
    list of dict
        An SvgSelector whose path runs along the edges of the pixels, a FragmentSelector and an ImageApiSelector. Of a
        mask without pixels the boxes are left out.
    """
    height, width = mask.shape
    path = f'<path fill-rule="evenodd" d="{svg_path(connected_parts(mask))}"/>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    found: list[Json] = [{"type": "SvgSelector", "value": f"{svg}{path}</svg>"}]
    if mask.any():
        box = ",".join(map(str, region_shape(mask).bbox))
        found += [
            {
                "type": "FragmentSelector", "conformsTo": "http://www.w3.org/TR/media-frags/",
                "value": f"xywh=pixel:{box}",
            },
            {"type": "ImageApiSelector", "region": box},
        ]  # fmt: skip
    return found


def caption(record: MaskRecord) -> str:
    """What a mask shows and how it was made, in a sentence."""
    about = record.about
    compared = ", ".join(about.references) or "nothing"
    who = f"{_JUDGED.get(about.decision, about.decision)} by {about.reviewer}" if about.reviewer else about.decision
    part = f"{about.trait}: " if about.trait else ""
    return (
        f"{part}what tells {about.scientificName} from {compared} (Finer-CAM over {about.method}, γ = {about.gamma:g}, "
        f"{who}). Run {about.run}."
    )


def annotation(record: MaskRecord, name: str, source: str) -> Json:
    """A mask as an annotation of a picture or of a canvas.

    Parameters
    ----------
    record : MaskRecord
    name : str
        Address of the annotation.
    source : str
        Address of what it is a part of.
    """
    about = record.about
    bodies: list[Json] = [_text(caption(record), "describing")]
    bodies += [_text(about.note, "commenting")] if about.note else []
    bodies += [_text(about.trait, "tagging")] if about.trait else []
    if about.uberon:
        term = about.uberon.replace(":", "_")
        bodies.append({"type": "SpecificResource", "source": f"{_OBO}{term}", "purpose": "identifying"})
    maker: Json = {"type": "Person", "name": about.reviewer} if about.reviewer else {}
    said: Json = {"creator": maker, "created": about.time} if about.reviewer else {}
    return {
        "id": name, "type": "Annotation", "motivation": list(MOTIVATIONS), **said,
        "generator": {"type": "Software", "name": f"finercam, run {about.run}"},
        "body": bodies, "metadata": [_fact("region", region_id(record)), *starmap(_fact, about.to_cells().items())],
        "target": {"type": "SpecificResource", "source": source, "selector": selectors(record.mask)},
    }  # fmt: skip


def _fact(name: str, value: object) -> Json:
    """A name and a value as IIIF writes them; readers of Web Annotations pass over them."""
    return {"label": {"none": [name]}, "value": {"none": [str(value)]}}


def _text(value: str, purpose: str) -> Json:
    return {"type": "TextualBody", "value": value, "format": "text/plain", "purpose": purpose}


class WebAnnotationWriter(MaskWriter):
    """Streams ``annotations.jsonld``, an AnnotationPage; a picture without an address is taken to be below `base_url`.

    Raises
    ------
    ExportError
        If rasterio is not installed.
    """

    files = (FILE,)

    def __init__(self, folder: Path, store: Store) -> None:
        super().__init__(folder, store)
        need_polygons("a Web Annotation")
        self._stack = ExitStack()
        self._file: IO[str]

    def __enter__(self) -> Self:
        self._file = self._stack.enter_context(complete_or_absent(self.folder / FILE))
        page = {"@context": CONTEXT, "id": f"{self._base}/{FILE}", "type": "AnnotationPage"}
        self._file.write(json.dumps(page)[:-1] + ', "items": [')
        return self

    @property
    def _base(self) -> str:
        return self.settings.base_url.rstrip("/")

    def add(self, records: Sequence[MaskRecord]) -> None:
        """See `MaskWriter.add`."""
        place = records[0].place
        source = place if is_web(place) else f"{self._base}/{quote(place)}"
        for record in records:
            found = annotation(record, f"{self._base}/{FILE}#{quote(region_id(record))}", source)
            self._file.write((",\n" if self.count else "\n") + json.dumps(found, ensure_ascii=False))
            self.count += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, t: TracebackType | None) -> None:
        self._file.write("\n]}\n")
        self._stack.__exit__(kind, error, t)
