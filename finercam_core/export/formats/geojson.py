"""Masks as polygons in GeoJSON, one feature for each connected part; coordinates are image pixels, not degrees."""

import json
import uuid
from collections.abc import Sequence, Set
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from finercam_core.export.formats.mask_writer import MaskWriter, label_of, need_polygons, region_id
from finercam_core.export.formats.png import UNNAMED
from finercam_core.export.mask_records import MaskRecord
from finercam_core.export.settings import YAxis
from finercam_core.images.palette import label_colour
from finercam_core.io.atomic import complete_or_absent
from finercam_core.regions.polygons import Part, connected_parts
from finercam_core.regions.traits import offered_traits
from finercam_core.store import Store

FILE = "regions.geojson"
_IDS = uuid.UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")  # of object identifiers, RFC 9562
_SYSTEM = (
    'ENGCRS["image pixels",EDATUM["upper left corner of the image"],CS[Cartesian,2],'
    'AXIS["x",east],AXIS["y",{axis}],LENGTHUNIT["pixel",1]]'
)


def crs(y_axis: YAxis) -> dict[str, object]:
    """The pixels as a coordinate system of their own.

    RFC 7946 has no member "crs" any more, but GDAL, and with it QGIS, GeoPandas and R, takes coordinates without it for
    degrees on the earth.
    """
    text = _SYSTEM.format(axis="south" if y_axis == "down" else "north")
    return {"type": "name", "properties": {"name": text}}


def polygon(part: Part, y_axis: YAxis = "down") -> dict[str, object]:
    """GeoJSON's polygon of a connected part of a mask, with its holes.

    Parameters
    ----------
    part : list of rings
        See `finercam_core.regions.polygons.connected_parts`.
    y_axis : {"down", "up"}
        Whether y counts the pixels from the upper edge, or is their negative.

    Returns
    -------
    dict
        Outer rings run counterclockwise where y is taken to run up, as RFC 7946 asks. Burning it into the pixels whose
        centres it covers gives the part back.
    """
    rings = part if y_axis == "down" else [(ring * (1, -1))[::-1] for ring in part]
    closed = [[*corners, corners[0]] for corners in (ring.tolist() for ring in rings)]
    return {"type": "Polygon", "coordinates": closed}


class GeoJsonWriter(MaskWriter):
    """Streams features into ``regions.geojson``, or into ``<image_id>.geojson`` for each specimen.

    A feature is one connected part of a region; its properties are plain values, and say of which region it is. What
    QuPath looks for is there under its names. A region without pixels has no feature.

    Raises
    ------
    ExportError
        If rasterio is not installed.
    """

    files = (FILE,)

    def __init__(self, folder: Path, store: Store) -> None:
        super().__init__(folder, store)
        need_polygons("GeoJSON")
        self.values = {trait.name: trait.id for trait in offered_traits(store)}
        self._stack = ExitStack()
        self._file: IO[str] | None = None
        self._first = True

    def __enter__(self) -> Self:
        if not self.settings.per_image:
            self._file = self._begin(self._stack, self.folder / FILE, {})
        return self

    def earlier(self) -> dict[Path, str]:
        """See `MaskWriter.earlier`; a file of all specimens has none of their ids."""
        found = {path: _image_id(path) for path in sorted(self.folder.glob("*.geojson"))}
        whole = {} if self.settings.per_image else {self.folder / FILE}
        return {path: image_id for path, image_id in found.items() if image_id is not None and path not in whole}

    def renewed(self, path: Path, image_id: str, written: Set[str]) -> bool:
        """See `MaskWriter.renewed`."""
        return self.settings.per_image and super().renewed(path.with_suffix(""), image_id, written)

    def _begin(self, stack: ExitStack, path: Path, about: dict[str, object]) -> IO[str]:
        file = stack.enter_context(complete_or_absent(path))
        made = {"coordinates": f"image pixels, y {self.settings.y_axis}", **about, "provenance": self.provenance()}
        head = {"type": "FeatureCollection", "finercam": made, "crs": crs(self.settings.y_axis)}
        file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "features": [')
        stack.callback(file.write, "\n]}\n")
        self._first = True
        return file

    def add(self, records: Sequence[MaskRecord]) -> None:
        """See `MaskWriter.add`."""
        with ExitStack() as stack:
            file = self._file
            if file is None:
                image_id = records[0].image_id
                path = self.folder / f"{self.names.of(image_id)}.geojson"
                file = self._begin(stack, path, {"image_id": image_id})
            for record in records:
                for feature in self._features(record):
                    file.write(("\n" if self._first else ",\n") + json.dumps(feature, ensure_ascii=False))
                    self._first = False
                self.count += 1

    def _features(self, record: MaskRecord) -> list[dict[str, object]]:
        height, width = record.mask.shape
        region, label, parts = region_id(record), label_of(record), connected_parts(record.mask)
        of_image = {"image_id": record.image_id, "place": record.place, "width": width, "height": height}
        # QuPath's names: https://qupath.readthedocs.io/en/stable/docs/advanced/exporting_annotations.html
        kind = {"name": label, "color": list(label_colour(self.values.get(label, UNNAMED)))}
        shown = {"objectType": "annotation", "name": label, "classification": kind}
        about = {**of_image, "region": region, "parts": len(parts), **record.about.to_cells()}
        return [
            {
                "type": "Feature", "id": str(uuid.uuid5(_IDS, f"{region}/{number}")),
                "geometry": polygon(part, self.settings.y_axis), "properties": {**shown, **about, "part": number},
            }
            for number, part in enumerate(parts, 1)
        ]  # fmt: skip

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, t: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, t)


def _image_id(path: Path) -> str | None:
    """The specimen that a file of an earlier export is about, "" for all of them; None for anybody else's file."""
    try:
        with path.open(encoding="utf-8") as file:
            head = json.loads(file.readline().rstrip("\n") + "]}")
        return str(head["finercam"].get("image_id", ""))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
