"""Specimens as OME-Zarr 0.5: the photograph, its regions as labels, and the evidence on its own grid."""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr

from finercam_core.errors import ExportError
from finercam_core.export.formats.file_names import alike, readable
from finercam_core.export.formats.mask_writer import MaskWriter
from finercam_core.export.mask_records import MaskRecord, read_record
from finercam_core.extras import install_hint
from finercam_core.images.palette import label_colour
from finercam_core.io.atomic import replacing
from finercam_core.store import SpecimenRecord, Store

VERSION = "0.5"
TILE = 1024


class OmeZarrWriter(MaskWriter):
    """Writes ``<image_id>.ome.zarr`` for each specimen, whole or not at all.

    The photograph is a (c, y, x) image in pixels. ``labels/<reviewer>`` holds a reviewer's regions, numbered from 1,
    with a colour and the description of each among its properties; where two overlap, the later one shows.
    ``evidence`` is an image of its own, (c, y, x) with a channel for the species and one for each of its references,
    on the model's grid, which a scale and a translation bring to the photograph's pixels.

    Raises
    ------
    ExportError
        If ome-zarr-models is not installed.
    """

    apart = True

    def __init__(self, folder: Path, store: Store) -> None:
        super().__init__(folder, store)
        try:
            import ome_zarr_models  # noqa: F401
        except ImportError as error:
            raise ExportError("OME-Zarr needs ome-zarr-models", install_hint("export")) from error

    def earlier(self) -> dict[Path, str]:
        """See `MaskWriter.earlier`."""
        found: dict[Path, str] = {}
        for path in sorted(self.folder.glob("*.ome.zarr")):
            try:
                attributes = json.loads((path / "zarr.json").read_bytes())["attributes"]
                found[path] = str(attributes["finercam"]["image_id"])
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return found

    def prepared(self, records: Sequence[MaskRecord]) -> Sequence[MaskRecord]:
        """See `MaskWriter.prepared`."""
        first = records[0]
        return [replace(first, stored=first.stored or read_record(self.store, first.image_id)), *records[1:]]

    def add(self, records: Sequence[MaskRecord]) -> None:
        """See `MaskWriter.add`; the first mask has what the store has of the specimen."""
        image_id, stored = records[0].image_id, records[0].stored
        assert stored is not None, "prepared() adds it"
        photograph = self.photograph(records[0])
        target = self.folder / f"{self.names.of(image_id)}.ome.zarr"
        about = {"image_id": image_id, "place": records[0].place, **self.provenance()}
        with replacing(target) as partial:
            _image(str(partial), np.moveaxis(photograph, 2, 0), image_id, ["red", "green", "blue"], about)
            self._labels(f"{partial}/labels", records)
            self._evidence(f"{partial}/evidence", stored, (photograph.shape[1], photograph.shape[0]))
            shutil.rmtree(target, ignore_errors=True)
        self.count += len(records)

    def _labels(self, path: str, records: Sequence[MaskRecord]) -> None:
        by_reviewer: dict[str, list[MaskRecord]] = {}
        for record in records:
            by_reviewer.setdefault(record.about.reviewer or "automatic", []).append(record)
        labels = _node_names(list(by_reviewer))
        zarr.create_group(path, attributes={"ome": {"version": VERSION, "labels": labels}})
        for label, members in zip(labels, by_reviewer.values(), strict=True):
            _label(f"{path}/{label}", label, members)

    def _evidence(self, path: str, record: SpecimenRecord, size: tuple[int, int]) -> None:
        window = self.store.preparation.window(size)
        rows, columns = record.evidence.shape[1:]
        step = (window.bottom - window.top) / rows, (window.right - window.left) / columns
        # The first cell's centre lies half a cell into the window, and a pixel's centre at whole numbers.
        start = window.top + step[0] / 2 - 0.5, window.left + step[1] / 2 - 0.5
        about = {"units": "logit", "classes": list(record.classes), "tiers": list(record.tiers)}
        _image(path, record.evidence, "evidence", list(record.classes), about, (1.0, *step), (0.0, *start))


def _node_names(reviewers: list[str]) -> list[str]:
    """A name that Zarr and every disk accept for each reviewer; "A B", "A_B" and "a_b" get different ones."""
    names: list[str] = []
    for reviewer in reviewers:
        plain = name = readable(re.sub(r"[^\w\-]+", "_", reviewer))
        taken = {alike(each) for each in names}
        for number in count(1):
            if alike(name) not in taken:
                break
            name = f"{plain}-{number}"
        names.append(name)
    return names


def _image(
    path: str,
    values: npt.NDArray[Any],
    name: str,
    channels: list[str],
    about: Mapping[str, object],
    scale: tuple[float, ...] = (1.0, 1.0, 1.0),
    translation: tuple[float, ...] | None = None,
) -> None:
    """Write a (c, y, x) image of one resolution as an OME-Zarr group."""
    shown: list[Any] = [{"label": label, "active": True, "color": c, "window": _span(values)}
                        for label, c in zip(channels, _channel_colours(channels), strict=True)]  # fmt: skip
    ome = {
        "version": VERSION, "multiscales": [{"name": name, **_multiscale("cyx", scale, translation)}],
        "omero": {"channels": shown, "rdefs": {"model": "color"}},
    }  # fmt: skip
    zarr.create_group(path, attributes={"ome": ome, "finercam": dict(about)})
    chunks = (values.shape[0], min(values.shape[1], TILE), min(values.shape[2], TILE))
    zarr.create_array(f"{path}/0", data=values, chunks=chunks, dimension_names=("c", "y", "x"))


def _span(values: npt.NDArray[Any]) -> dict[str, float]:
    if values.dtype == np.uint8:
        return {"min": 0, "max": 255, "start": 0, "end": 255}
    largest = float(np.nanmax(np.abs(values), initial=0)) or 1.0
    return {"min": -largest, "max": largest, "start": 0, "end": largest}


def _channel_colours(channels: list[str]) -> list[str]:
    if channels == ["red", "green", "blue"]:
        return ["FF0000", "00FF00", "0000FF"]
    return [bytes(label_colour(1 + i)).hex().upper() for i in range(len(channels))]


def _label(path: str, name: str, records: Sequence[MaskRecord]) -> None:
    from ome_zarr_models.v05.image_label_types import Label

    height, width = records[0].mask.shape
    values = np.zeros((height, width), np.uint16)
    for number, record in enumerate(records, 1):
        values[record.mask] = number
    colours = [{"label-value": n, "rgba": [*label_colour(n), 255]} for n in range(1, len(records) + 1)]
    # napari makes one column of each property, which lists would widen into several.
    properties = [{"label-value": n, **record.about.to_cells()} for n, record in enumerate(records, 1)]
    label: dict[str, object] = {"colors": colours, "properties": properties, "source": {"image": "../../"}}
    Label.model_validate({**label, "version": VERSION})
    ome = {"version": VERSION, "multiscales": [{"name": name, **_multiscale("yx", (1.0, 1.0))}], "image-label": label}
    zarr.create_group(path, attributes={"ome": ome})
    chunks = (min(height, TILE), min(width, TILE))
    zarr.create_array(f"{path}/0", data=values, chunks=chunks, dimension_names=("y", "x"))


@lru_cache(maxsize=64)
def _multiscale(axes: str, scale: tuple[float, ...], translation: tuple[float, ...] | None = None) -> dict[str, object]:
    from ome_zarr_models.v05.axes import Axis
    from ome_zarr_models.v05.multiscales import Dataset, Multiscale

    kinds = {"c": "channel", "y": "space", "x": "space"}
    multiscale: dict[str, object] = Multiscale(
        axes=tuple(Axis(name=axis, type=kinds[axis]) for axis in axes),
        datasets=(Dataset.build(path="0", scale=scale, translation=translation),),
    ).model_dump(mode="json", exclude_none=True, by_alias=True)
    return multiscale
