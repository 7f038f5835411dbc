"""Trait masks out of a store, for downstream analysis."""

from finercam_core.export.exporting import FORMATS, ExportSummary, export
from finercam_core.export.records import MaskRecord, accepted_masks, automatic_masks

__all__ = ["FORMATS", "ExportSummary", "MaskRecord", "accepted_masks", "automatic_masks", "export"]
