"""Trait masks out of a store, for downstream analysis."""

from finercam_core.export.masks import MaskRecord, accepted_masks, automatic_masks
from finercam_core.export.run import FORMATS, ExportSummary, export

__all__ = ["FORMATS", "ExportSummary", "MaskRecord", "accepted_masks", "automatic_masks", "export"]
