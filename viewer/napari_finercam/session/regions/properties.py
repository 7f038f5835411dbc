"""What a region is besides its pixels, and how that is kept in verdicts and drafts."""

from dataclasses import dataclass, field

from finercam_core.regions.rle import RLE
from finercam_core.review import Comparison, Region


@dataclass(frozen=True)
class RegionProperties:
    """What a region is besides its pixels: its trait, and how it was made, as in `finercam_core.review.Region`.

    Attributes
    ----------
    trait, uberon, source, threshold, smoothing, comparison, painted_share
        As there.
    rle : RLE or None
        The mask as a verdict or a draft holds it, perhaps at another size, as long as nobody has changed it; None for
        a mask that was made here.
    """

    trait: str = ""
    uberon: str = ""
    source: str = "threshold"
    threshold: dict[str, float] = field(default_factory=dict)
    smoothing: float = 0.0
    comparison: Comparison | None = None
    painted_share: float = 0.0
    rle: RLE | None = None

    def record(self, number: int, rle: RLE) -> Region:
        """The region as verdicts and drafts keep it."""
        return Region(
            rle,
            self.trait,
            self.uberon,
            self.source,
            self.threshold,
            self.smoothing,
            self.comparison,
            round(self.painted_share, 4),
            number,
        )


def properties_of(record: Region, comparison: Comparison | None) -> RegionProperties:
    """What a verdict or a draft says of a region; those of earlier versions have the verdict's `comparison`."""
    return RegionProperties(
        record.trait,
        record.uberon,
        record.source,
        record.threshold,
        record.smoothing,
        record.comparison or comparison,
        record.painted_share,
        record.rle,
    )


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
