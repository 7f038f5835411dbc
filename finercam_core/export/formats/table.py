"""Masks as tables: measurements for statistics and Audiovisual Core's regions of interest, with the masks as PNGs."""

import csv
from collections.abc import Sequence, Set
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from PIL import Image

from finercam_core.export.formats.file_names import FileNames
from finercam_core.export.formats.mask_writer import MaskWriter, region_id
from finercam_core.export.formats.png import write_png
from finercam_core.export.mask_records import MaskDescription, MaskRecord
from finercam_core.export.measurements import COLUMNS, measurements
from finercam_core.images.faults import ImageError
from finercam_core.io.atomic import complete_or_absent
from finercam_core.io.disk.formulas import neutralised, original
from finercam_core.regions.masks import read_mask, specimen_of
from finercam_core.regions.shape import region_shape
from finercam_core.regions.traits import traits_of
from finercam_core.review import LastVerdicts
from finercam_core.store import Store

MEASURED, REGIONS, MASKS = "measurements.csv", "audiovisual_core.csv", "masks"
ABOUT = (
    "scientificName", "references", "gamma", "weighting", "method", "threshold", "smoothing", "source", "painted_share",
    "snapped", "trait", "uberon", "reviewer", "decision", "note", "time", "license", "rightsHolder", "collection",
    "model", "weights_sha256", "target_layer", "run", "above", "above_mean",
)  # fmt: skip
# Terms of Audiovisual Core's vocabulary of regions of interest (ac), Dublin Core (dcterms), XMP rights and Darwin Core.
TERMS = (
    "dcterms:identifier", "ac:isROIOf", "ac:xFrac", "ac:yFrac", "ac:widthFrac", "ac:heightFrac", "ac:accessURI",
    "dwc:scientificName", "ac:subjectPart", "ac:subjectPartLiteral", "ac:caption", "ac:comments",
    "dcterms:creator", "xmpRights:UsageTerms", "xmpRights:Owner",
)  # fmt: skip


class TableWriter(MaskWriter):
    """Writes ``measurements.csv``, ``audiovisual_core.csv`` and each mask as a black and white PNG in ``masks``.

    A region of interest of Audiovisual Core is a box in fractions of the image, so that its `ac:accessURI` names the
    mask, which has every pixel.
    """

    files, folders = (MEASURED, REGIONS), (MASKS,)

    def __init__(self, folder: Path, store: Store) -> None:
        super().__init__(folder, store)
        self.masks: set[Path] = set()
        self.traits = traits_of(store)
        self.reviewers = FileNames(["automatic", *LastVerdicts(store.location).reviewers])
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        (self.folder / MASKS).mkdir(parents=True, exist_ok=True)
        columns = ("region", "image_id", "place", "mask", *COLUMNS, *ABOUT)
        self._measured = self._table(MEASURED, columns)
        self._regions = self._table(REGIONS, TERMS)
        return self

    def _table(self, name: str, columns: Sequence[str]) -> "csv.DictWriter[str]":
        file = self._stack.enter_context(complete_or_absent(self.folder / name))
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        return writer

    def add(self, records: Sequence[MaskRecord]) -> None:
        """See `MaskWriter.add`."""
        image_id = records[0].image_id
        photograph, own = self.photograph(records[0]), self._own_mask(records[0])
        body = None if own is None else specimen_of(self.store, own)
        for record in records:
            region = region_id(record)
            mask = f"{MASKS}/{self._mask_name(record)}.png"
            write_png(self.folder / mask, Image.fromarray(record.mask))
            self.masks.add(self.folder / mask)
            fixed = {"region": region, "image_id": image_id, "place": record.place, "mask": mask}
            measured = measurements(record.mask, photograph, own, self.traits, body)
            self._measured.writerow(self._shown({**fixed, **asdict(measured), **record.about.to_cells()}))
            self._regions.writerow(self._shown(_of_interest(record, region, mask)))
            self.count += 1

    def _shown(self, row: dict[str, object]) -> dict[str, object]:
        """A row whose texts no spreadsheet takes for formulas, unless the table is for programs."""
        return row if self.settings.raw_text else {key: neutralised(value) for key, value in row.items()}

    def _mask_name(self, record: MaskRecord) -> str:
        """Name of a region's file, the same whatever else is exported: specimen, reviewer, number."""
        reviewer = self.reviewers.of(record.about.reviewer or "automatic")
        return f"{self.names.of(record.image_id)}~{reviewer}~{record.number}"

    def earlier(self) -> dict[Path, str]:
        """See `MaskWriter.earlier`: the masks that the present table names."""
        try:
            with (self.folder / MEASURED).open(encoding="utf-8", newline="") as file:
                rows = [(row.get("mask") or "", row.get("image_id") or "") for row in csv.DictReader(file)]
        except (OSError, ValueError, csv.Error):
            return {}
        told = [(Path(mask).name, original(image_id)) for mask, image_id in rows if mask and image_id]
        named = {self.folder / MASKS / name: image_id for name, image_id in told}
        return {path: image_id for path, image_id in named.items() if path.is_file()}

    def renewed(self, path: Path, image_id: str, written: Set[str]) -> bool:
        """See `MaskWriter.renewed`."""
        return path in self.masks

    def _own_mask(self, record: MaskRecord) -> npt.NDArray[np.integer[Any]] | None:
        """The collection's trait mask; None where there is none that can be read and fits the photograph."""
        try:
            own = read_mask(self.store, record.image_id)
        except (ImageError, OSError):
            return None
        return own if own is not None and own.shape == record.mask.shape else None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, t: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, t)


def _of_interest(record: MaskRecord, region: str, mask: str) -> dict[str, object]:
    height, width = record.mask.shape
    x, y, w, h = region_shape(record.mask).bbox
    about = record.about
    compared = " and ".join(about.references) or "nothing"
    return {
        "dcterms:identifier": region, "ac:isROIOf": record.image_id, "ac:accessURI": mask,
        "ac:xFrac": round(x / width, 6), "ac:yFrac": round(y / height, 6),
        "ac:widthFrac": round(w / width, 6), "ac:heightFrac": round(h / height, 6),
        "dwc:scientificName": about.scientificName, "ac:subjectPart": about.uberon,
        "ac:subjectPartLiteral": about.trait,
        "ac:caption": f"what tells it from {compared} (Finer-CAM, gamma {about.gamma:g}, {about.decision})",
        "ac:comments": _comments(about), "dcterms:creator": about.reviewer or "finercam",
        "xmpRights:UsageTerms": about.license,
        "xmpRights:Owner": about.rightsHolder,
    }  # fmt: skip


def _comments(about: MaskDescription) -> str:
    """The reviewer's note, and the model that the evidence comes from."""
    made = f"model {about.model}, layer {about.target_layer}, weights SHA-256 {about.weights_sha256}"
    return "; ".join(part for part in (about.note, f"{made}, run {about.run}") if part)
