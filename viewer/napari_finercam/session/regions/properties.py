"""What a region is besides its pixels, while these are on the screen."""

from dataclasses import replace

from finercam_core.regions.rle import RLE
from finercam_core.review import Comparison, Region

ON_SCREEN: RLE = {"size": [0, 0], "counts": ""}
"""In place of the run lengths of a region whose pixels were made or changed here, and are encoded when it is kept."""

THRESHOLDED = Region(ON_SCREEN)
PAINTED = Region(ON_SCREEN, source="painted")


def taken(record: Region, comparison: Comparison | None) -> Region:
    """A region of a verdict or a draft; those of earlier versions have the verdict's `comparison`."""
    return replace(record, comparison=record.comparison or comparison)


def repainted(region: Region, comparison: Comparison | None, size: int, added: int, erased: int) -> Region:
    """A region after a stroke, whose mask is on the screen now.

    Parameters
    ----------
    region : Region
    comparison : Comparison or None
        How the map on screen is made: a region that had none was painted on this one.
    size : int
        Pixels of the region before.
    added, erased : int
        Pixels of the stroke.
    """
    share = painted_share(region.painted_share, size, added, erased)
    made = region.comparison or comparison
    return replace(region, rle=ON_SCREEN, source="painted", comparison=made, painted_share=share)


def painted_share(share: float, size: int, added: int, erased: int) -> float:
    """Share of a region's pixels that a person added, after a stroke that added some and erased others.

    Parameters
    ----------
    share : float
        The share before, in [0, 1].
    size : int
        Pixels of the region before.
    added, erased : int
        Pixels of the stroke. Those erased are taken to be painted ones in the same share as the region's.
    """
    left = size - erased + added
    return min(1.0, (share * (size - erased) + added) / left) if left else 0.0
