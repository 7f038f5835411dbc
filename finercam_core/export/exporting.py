"""`export`: masks of a store into a folder, in one of several forms."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby
from pathlib import Path

from finercam_core.errors import ExportError
from finercam_core.export.coco import CocoWriter
from finercam_core.export.geojson import GeoJsonWriter
from finercam_core.export.ome import OmeZarrWriter
from finercam_core.export.png import PngWriter
from finercam_core.export.records import MaskRecord, accepted_masks, automatic_masks
from finercam_core.export.tables import TableWriter
from finercam_core.export.writer import MaskWriter
from finercam_core.images import ImageError
from finercam_core.store import Store, open_store

FORMATS: dict[str, type[MaskWriter]] = {
    "coco": CocoWriter,
    "png": PngWriter,
    "ome-zarr": OmeZarrWriter,
    "geojson": GeoJsonWriter,
    "csv": TableWriter,
}


@dataclass
class ExportSummary:
    """What was exported: the folder, the number of masks, and specimens that could not be, with the reason."""

    folder: Path
    which: str
    masks: int = 0
    failed: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        kind = "accepted" if self.which == "accepted" else "unreviewed"
        lines = [f"{self.masks} {kind} masks in {self.folder}"]
        return "\n".join([*lines, *(f"  not exported: {key}: {why}" for key, why in self.failed.items())])


def export(
    store: str | Path | Store,
    folder: str | Path,
    *,
    format: str = "coco",
    which: str = "accepted",
    gamma: float | None = None,
    top: float = 0.05,
    references: Sequence[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ExportSummary:
    """Write the masks of a store.

    Parameters
    ----------
    store : str, Path or Store
    folder : str or Path
        Made if it is not there.
    format : {"coco", "png", "ome-zarr", "geojson", "csv"}
        One COCO file with run-length encodings; an indexed PNG a specimen in Fish-Vista's own form, with a JSON file
        beside it; an OME-Zarr a specimen, with photograph, labels and evidence; one GeoJSON of polygons; or tables of
        measurements and of Audiovisual Core's regions of interest.
    which : {"accepted", "automatic"}
        Regions that reviewers accepted; or thresholds of every map, which say that nobody reviewed them.
    gamma, top, references
        Of automatic masks, see `automatic_masks`.
    progress : callable, optional
        Called with masks written, and of all where that is known.

    Returns
    -------
    ExportSummary

    Raises
    ------
    ExportError
        If the form or the choice is unknown, or nothing is accepted yet.
    """
    opened = store if isinstance(store, Store) else open_store(store)
    if format not in FORMATS:
        raise ExportError(f"unknown format {format!r}", f"use one of {', '.join(FORMATS)}")
    if which not in ("accepted", "automatic"):
        raise ExportError(f"unknown choice {which!r}", "use accepted or automatic")
    records: Iterator[MaskRecord | tuple[str, ImageError]] = (
        accepted_masks(opened)
        if which == "accepted"
        else automatic_masks(opened, gamma=gamma, top=top, references=references)
    )
    first = next(records, None)
    if first is None and which == "accepted":
        raise ExportError(f"nothing is accepted in {opened.location}", "review it first, or use --which automatic")
    summary = ExportSummary(Path(folder), which)
    with _writer(format, summary.folder, opened) as writer:
        for image_id, group in groupby(chain([] if first is None else [first], records), key=_specimen):
            try:
                _add(writer, image_id, list(group), summary)
            except ImageError as error:
                summary.failed[image_id] = str(error)
            if progress is not None:
                progress(writer.count, len(opened.rows) if which == "automatic" else writer.count)
    summary.masks = writer.count
    return summary


def _writer(format: str, folder: Path, store: Store) -> MaskWriter:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"{folder} cannot be made: {error.strerror}", "choose another folder") from error
    return FORMATS[format](folder, store)


def _specimen(found: MaskRecord | tuple[str, ImageError]) -> str:
    return found.image_id if isinstance(found, MaskRecord) else found[0]


def _add(
    writer: MaskWriter, image_id: str, found: list[MaskRecord | tuple[str, ImageError]], summary: ExportSummary
) -> None:
    """Write a specimen's masks, or keep why there are none."""
    masks = [record for record in found if isinstance(record, MaskRecord)]
    for failure in found:
        if not isinstance(failure, MaskRecord):
            summary.failed[image_id] = str(failure[1])
    if masks:
        writer.add(masks)
