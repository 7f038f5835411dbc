"""The regions of a specimen: their pixels, their properties, the threshold, and the drafts that keep them."""

from napari_finercam.session.regions.numbered import FIRST, MAX_NUMBER, Labels, NumberedRegions, Snapshot
from napari_finercam.session.regions.properties import RegionProperties
from napari_finercam.session.regions.threshold import THRESHOLD_KINDS, Mask, Threshold, ThresholdKind

__all__ = [
    "FIRST",
    "MAX_NUMBER",
    "THRESHOLD_KINDS",
    "Labels",
    "Mask",
    "NumberedRegions",
    "RegionProperties",
    "Snapshot",
    "Threshold",
    "ThresholdKind",
]
