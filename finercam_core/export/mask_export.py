"""`export`: masks of a store into a folder, in one of several formats."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from finercam_core.errors import ExportError, counted
from finercam_core.export.destination import refuse_destination
from finercam_core.export.formats.coco import CocoWriter
from finercam_core.export.formats.cvat import CvatWriter
from finercam_core.export.formats.darwin_core import DarwinCoreWriter
from finercam_core.export.formats.geojson import GeoJsonWriter
from finercam_core.export.formats.iiif import IiifWriter
from finercam_core.export.formats.label_studio import LabelStudioWriter
from finercam_core.export.formats.mask_writer import MaskWriter
from finercam_core.export.formats.ome_zarr import OmeZarrWriter
from finercam_core.export.formats.png import PngWriter
from finercam_core.export.formats.table import TableWriter
from finercam_core.export.formats.web_annotation import WebAnnotationWriter
from finercam_core.export.formats.yolo import YoloWriter
from finercam_core.export.mask_records import accepted_masks, automatic_masks
from finercam_core.export.settings import FormatSettings
from finercam_core.export.writer_processes import WrittenSpecimen, written
from finercam_core.io.progress import Progress
from finercam_core.review import LastVerdicts
from finercam_core.store import Store, open_store
from finercam_core.strengths import Baseline

FORMATS: dict[str, type[MaskWriter]] = {
    "coco": CocoWriter,
    "png": PngWriter,
    "ome-zarr": OmeZarrWriter,
    "geojson": GeoJsonWriter,
    "csv": TableWriter,
    "yolo": YoloWriter,
    "label-studio": LabelStudioWriter,
    "cvat": CvatWriter,
    "web-annotation": WebAnnotationWriter,
    "iiif": IiifWriter,
    "darwin-core": DarwinCoreWriter,
}
DEFAULT_SETTINGS = FormatSettings()
NAMED = 20  # failures named in the summary; a store without its images has as many as specimens


@dataclass
class ExportSummary:
    """What was exported.

    Attributes
    ----------
    folder : Path
    which : {"accepted", "automatic"}
    masks : int
        Their number.
    failed : dict of str to str
        By image_id, why specimens were not exported.
    written : set of str
        The image_id of those that were.
    removed, left : list of str
        Files of an earlier export in the folder: those removed because nobody accepts what they show any more, and
        those that are still there although this export has not written them.
    """

    folder: Path
    which: str
    masks: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    removed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def add(self, specimen: WrittenSpecimen) -> None:
        """Count one specimen."""
        self.masks += specimen.masks
        if specimen.failed is not None:
            self.failed[specimen.image_id] = specimen.failed
        else:
            self.written.add(specimen.image_id)

    def retire(self, writer: MaskWriter, earlier: Mapping[Path, str]) -> None:
        """Remove those of the `earlier` files that no longer hold."""
        kept = {path: image_id for path, image_id in earlier.items() if not self._replaced(writer, path, image_id)}
        verdicts = LastVerdicts(writer.store.location) if kept and self.which == "accepted" else None
        for path, image_id in kept.items():
            # A damaged line may be a verdict that accepts, and a specimen of another store is not this one's to judge.
            refused = verdicts is not None and not verdicts.problems and image_id not in verdicts.accepted
            gone = image_id in self.written or refused
            name = path.relative_to(self.folder).as_posix()
            if not gone or image_id not in writer.store.rows.index:
                self.left.append(name)
                continue
            self.removed.append(name)
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    def _replaced(self, writer: MaskWriter, path: Path, image_id: str) -> bool:
        return image_id in self.failed or writer.renewed(path, image_id, self.written)

    def __str__(self) -> str:
        kind = "accepted" if self.which == "accepted" else "unreviewed"
        lines = [f"{self.masks:,} {kind} mask{'s' * (self.masks != 1)} in {self.folder}"]
        lines += _named("not exported", [f"{key}: {why}" for key, why in self.failed.items()])
        lines += _named("removed, no longer accepted", self.removed)
        lines += _named("left from an earlier export", self.left)
        return "\n".join(lines)


def _named(what: str, items: Sequence[str]) -> list[str]:
    more = len(items) - NAMED
    return [*(f"  {what}: {item}" for item in items[:NAMED]), *([f"  {what}: {more:,} more"] if more > 0 else [])]


def export(
    store: str | Path | Store,
    folder: str | Path,
    *,
    format: str = "coco",
    which: str = "accepted",
    reviewer: str | None = None,
    gamma: float | None = None,
    top: float = 0.05,
    references: str | Sequence[str] | None = None,
    baseline: Baseline = "none",
    workers: int = 1,
    settings: FormatSettings = DEFAULT_SETTINGS,
    progress: Progress | None = None,
) -> ExportSummary:
    """Write the masks of a store.

    Parameters
    ----------
    store : str, Path or Store
    folder : str or Path
        Created if it is missing.
    format : str
        One of `FORMATS`; docs/export.md says which tool opens which.
    which : {"accepted", "automatic"}
        Regions that reviewers accepted, or thresholds of every map, marked as not reviewed.
    reviewer : str, optional
        Whose accepted regions; by default those of all reviewers.
    gamma, top, references, baseline
        Of automatic masks, see `automatic_masks`.
    workers : int
        Processes that write, in the formats with files for each specimen ("png" and "ome-zarr"). A script that asks for
        more than one must keep its own work below ``if __name__ == "__main__":``.
    settings : FormatSettings
        What can be chosen about single formats.
    progress : callable, optional
        Called with the number of masks written, and of all where that is known.

    Returns
    -------
    ExportSummary

    Raises
    ------
    ExportError
        If the format, the choice or the reviewer is unknown, nothing is accepted yet, or the folder cannot be written
        or is one of a store or of photographs.
    """
    opened = store if isinstance(store, Store) else open_store(store)
    if format not in FORMATS:
        raise ExportError(f"unknown format {format!r}", f"use one of {', '.join(FORMATS)}")
    if which not in ("accepted", "automatic"):
        raise ExportError(f"unknown choice {which!r}", "use accepted or automatic")
    records = (
        accepted_masks(opened, reviewer)
        if which == "accepted"
        else automatic_masks(opened, gamma=gamma, top=top, references=references, baseline=baseline)
    )
    first = next(records, None)
    refuse_destination(Path(folder), opened, FORMATS[format].folders)
    summary = ExportSummary(Path(folder), which)
    if first is None and which == "accepted":
        raise ExportError(_nothing_accepted(summary, FORMATS[format], opened), "review it, or use --which automatic")
    every = chain([] if first is None else [first], records)
    try:
        writer = _writer(format, summary.folder, opened)
        writer.settings = settings
        earlier = writer.earlier()
        with writer:
            for specimen in written(writer, every, workers):
                summary.add(specimen)
                if progress is not None:
                    progress(summary.masks, len(opened.rows) if which == "automatic" else summary.masks)
        summary.retire(writer, earlier)
    except OSError as error:
        reason = error.strerror or error
        raise ExportError(f"{folder} cannot be written: {reason}", "free or unlock the disk") from error
    return summary


def _nothing_accepted(summary: ExportSummary, kind: type[MaskWriter], store: Store) -> str:
    """What is wrong, and what becomes of an earlier export in the folder."""
    problem = f"nothing is accepted in {store.location}"
    if not summary.folder.is_dir():
        return problem
    writer = kind(summary.folder, store)
    summary.retire(writer, writer.earlier())
    if summary.removed:
        problem += f", so that {counted(len(summary.removed), 'file')} of an earlier export had to be removed"
    outdated = [name for name in kind.files if (summary.folder / name).is_file()]
    return f"{problem}; {' and '.join(outdated)} in {summary.folder} no longer hold" if outdated else problem


def _writer(format: str, folder: Path, store: Store) -> MaskWriter:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"{folder} cannot be created: {error.strerror}", "choose another folder") from error
    return FORMATS[format](folder, store)
