"""Trait masks out of a store, for downstream analysis."""

from finercam_core.export.mask_export import FORMATS, ExportSummary, export
from finercam_core.export.mask_records import MaskDescription, MaskRecord, accepted_masks, automatic_masks

__all__ = ["FORMATS", "ExportSummary", "MaskDescription", "MaskRecord", "accepted_masks", "automatic_masks", "export"]
