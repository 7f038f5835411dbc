"""The regions of a specimen: their pixels, their properties, the threshold, and the drafts that keep them."""

from napari_finercam.session.regions.numbered import NumberedRegions
from napari_finercam.session.regions.numbers import FIRST, MAX_NUMBER
from napari_finercam.session.regions.snapshot import Labels, Snapshot
from napari_finercam.session.regions.threshold import THRESHOLD_KINDS, Mask, Threshold, ThresholdKind

__all__ = [
    "FIRST",
    "MAX_NUMBER",
    "THRESHOLD_KINDS",
    "Labels",
    "Mask",
    "NumberedRegions",
    "Snapshot",
    "Threshold",
    "ThresholdKind",
]
