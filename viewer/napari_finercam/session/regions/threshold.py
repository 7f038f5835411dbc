"""How the first region is cut from the map."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from finercam_core.regions.outline import smooth
from finercam_core.regions.threshold import region

Mask = npt.NDArray[np.bool_]
ThresholdKind = Literal["top", "value", "energy"]
THRESHOLD_KINDS: tuple[ThresholdKind, ...] = ("top", "value", "energy")


@dataclass
class Threshold:
    """How the first region is cut from the map.

    Attributes
    ----------
    kind : {"top", "value", "energy"}
        Share of all pixels; share of the map's largest value; share of the map's positive sum.
    share : float
        In (0, 1].
    smoothing : float
        Radius of the outline's rounding, in thousandths of the picture's longer side.
    """

    kind: ThresholdKind = "top"
    share: float = 0.05
    smoothing: float = 0.0

    def limits(self, values: npt.NDArray[np.float32]) -> dict[str, float]:
        """Argument of `finercam_core.regions.threshold.region` for a map; a value is in the map's own unit."""
        largest = max(float(values.max()), 0.0)
        return {self.kind: self.share * largest if self.kind == "value" else self.share}

    def radius(self, shape: tuple[int, ...]) -> float:
        """Radius of the rounding in pixels of a picture of this height and width."""
        return round(self.smoothing / 1000 * max(shape[:2]), 2)

    def mask(self, values: npt.NDArray[np.float32]) -> Mask:
        """The region of a map, bool (height, width); empty where the map has no positive value."""
        limits = self.limits(values)
        # A map without positive values has no value to cut at, and no region.
        if limits.get("value", 1.0) <= 0:
            return np.zeros(values.shape, bool)
        return smooth(region(values, **limits), self.radius(values.shape))
