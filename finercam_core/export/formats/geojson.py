"""Masks as polygons in one GeoJSON file: holes are kept, and coordinates are image pixels, not degrees."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np
import numpy.typing as npt

from finercam_core.errors import ExportError
from finercam_core.export.formats.mask_writer import MaskWriter, region_id
from finercam_core.export.mask_records import MaskRecord
from finercam_core.extras import install_hint
from finercam_core.io.atomic import complete_or_absent
from finercam_core.store import Store

FILE = "regions.geojson"


def outline(mask: npt.NDArray[np.bool_]) -> dict[str, object]:
    """GeoJSON geometry of a mask along the edges of its pixels.

    Parameters
    ----------
    mask : bool array (height, width)

    Returns
    -------
    dict, a MultiPolygon; x runs to the right and y *down*, from the upper left corner of the image, in pixels. Burning
    it into pixels whose centres it covers gives the mask back.
    """
    from rasterio.features import shapes
    from shapely.geometry import MultiPolygon, mapping, shape

    parts = [shape(part) for part, _ in shapes(mask.astype(np.uint8), mask=mask, connectivity=4)]
    geometry: dict[str, object] = mapping(MultiPolygon(parts))
    return geometry


class GeoJsonWriter(MaskWriter):
    """Streams features into ``regions.geojson``; the description of a mask is in its ``properties``.

    Raises
    ------
    ExportError
        If rasterio or shapely is not installed.
    """

    files = (FILE,)

    def __init__(self, folder: Path, store: Store) -> None:
        super().__init__(folder, store)
        try:
            import rasterio  # noqa: F401
            import shapely  # noqa: F401
        except ImportError as error:
            raise ExportError(f"GeoJSON needs {error.name}", install_hint("export")) from error
        self._stack = ExitStack()
        self._file: IO[str]

    def __enter__(self) -> Self:
        self._file = self._stack.enter_context(complete_or_absent(self.folder / FILE))
        about = json.dumps({"coordinates": "image pixels, y down", "provenance": self.provenance()})
        self._file.write(f'{{"type": "FeatureCollection", "finercam": {about}, "features": [')
        return self

    def add(self, records: Sequence[MaskRecord]) -> None:
        """See `MaskWriter.add`."""
        for record in records:
            height, width = record.mask.shape
            of_image = {"image_id": record.image_id, "place": record.place, "width": width, "height": height}
            feature = {"type": "Feature", "id": region_id(record), "geometry": outline(record.mask)}
            feature["properties"] = {**of_image, **record.about.to_json()}
            self._file.write((",\n" if self.count else "\n") + json.dumps(feature, ensure_ascii=False))
            self.count += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, t: TracebackType | None) -> None:
        self._file.write("\n]}\n")
        self._stack.__exit__(kind, error, t)
