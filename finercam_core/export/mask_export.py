"""`export`: masks of a store into a folder, in one of several formats."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from finercam_core.errors import ExportError
from finercam_core.export.formats.coco import CocoWriter
from finercam_core.export.formats.geojson import GeoJsonWriter
from finercam_core.export.formats.mask_writer import MaskWriter
from finercam_core.export.formats.ome_zarr import OmeZarrWriter
from finercam_core.export.formats.png import PngWriter
from finercam_core.export.formats.table import TableWriter
from finercam_core.export.mask_records import accepted_masks, automatic_masks
from finercam_core.export.writer_processes import WrittenSpecimen, written
from finercam_core.io.progress import Progress
from finercam_core.store import Store, open_store

FORMATS: dict[str, type[MaskWriter]] = {
    "coco": CocoWriter,
    "png": PngWriter,
    "ome-zarr": OmeZarrWriter,
    "geojson": GeoJsonWriter,
    "csv": TableWriter,
}
NAMED = 20  # failures named in the summary; a store without its images has as many as specimens


@dataclass
class ExportSummary:
    """What was exported: the folder, the number of masks, and by image_id why specimens were not."""

    folder: Path
    which: str
    masks: int = 0
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, specimen: WrittenSpecimen) -> None:
        """Count one specimen."""
        self.masks += specimen.masks
        if specimen.failed is not None:
            self.failed[specimen.image_id] = specimen.failed

    def __str__(self) -> str:
        kind = "accepted" if self.which == "accepted" else "unreviewed"
        lines = [f"{self.masks:,} {kind} mask{'s' * (self.masks != 1)} in {self.folder}"]
        lines += [f"  not exported: {key}: {why}" for key, why in list(self.failed.items())[:NAMED]]
        more = len(self.failed) - NAMED
        return "\n".join([*lines, f"  not exported: {more:,} more"] if more > 0 else lines)


def export(
    store: str | Path | Store,
    folder: str | Path,
    *,
    format: str = "coco",
    which: str = "accepted",
    reviewer: str | None = None,
    gamma: float | None = None,
    top: float = 0.05,
    references: Sequence[str] | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> ExportSummary:
    """Write the masks of a store.

    Parameters
    ----------
    store : str, Path or Store
    folder : str or Path
        Created if it is missing.
    format : {"coco", "png", "ome-zarr", "geojson", "csv"}
        One COCO file with run-length encodings; one indexed PNG per specimen as in Fish-Vista, each with a JSON file;
        one OME-Zarr per specimen, with photograph, labels and evidence; one GeoJSON file of polygons; or tables of
        measurements and of Audiovisual Core's regions of interest.
    which : {"accepted", "automatic"}
        Regions that reviewers accepted, or thresholds of every map, marked as not reviewed.
    reviewer : str, optional
        Whose accepted regions; by default those of all reviewers.
    gamma, top, references
        Of automatic masks, see `automatic_masks`.
    workers : int
        Processes that write, in the formats with files for each specimen ("png" and "ome-zarr"). A script that asks for
        more than one must keep its own work below ``if __name__ == "__main__":``.
    progress : callable, optional
        Called with the number of masks written, and of all where that is known.

    Returns
    -------
    ExportSummary

    Raises
    ------
    ExportError
        If the format, the choice or the reviewer is unknown, nothing is accepted yet, or the folder cannot be written.
    """
    opened = store if isinstance(store, Store) else open_store(store)
    if format not in FORMATS:
        raise ExportError(f"unknown format {format!r}", f"use one of {', '.join(FORMATS)}")
    if which not in ("accepted", "automatic"):
        raise ExportError(f"unknown choice {which!r}", "use accepted or automatic")
    records = (
        accepted_masks(opened, reviewer)
        if which == "accepted"
        else automatic_masks(opened, gamma=gamma, top=top, references=references)
    )
    first = next(records, None)
    if first is None and which == "accepted":
        raise ExportError(f"nothing is accepted in {opened.location}", "review it first, or use --which automatic")
    summary = ExportSummary(Path(folder), which)
    every = chain([] if first is None else [first], records)
    try:
        with _writer(format, summary.folder, opened) as writer:
            for specimen in written(writer, every, workers):
                summary.add(specimen)
                if progress is not None:
                    progress(summary.masks, len(opened.rows) if which == "automatic" else summary.masks)
    except OSError as error:
        reason = error.strerror or error
        raise ExportError(f"{folder} cannot be written: {reason}", "free or unlock the disk") from error
    return summary


def _writer(format: str, folder: Path, store: Store) -> MaskWriter:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"{folder} cannot be created: {error.strerror}", "choose another folder") from error
    return FORMATS[format](folder, store)
