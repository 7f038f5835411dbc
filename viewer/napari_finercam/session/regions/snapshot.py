"""A state of the regions, small enough to keep hundreds of them for undo."""

import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from finercam_core.review import Region

Labels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Snapshot:
    """A state of the regions, to come back to; a few kilobytes.

    Attributes
    ----------
    shape : (int, int)
        Height and width of the labels.
    box : tuple of two slices
        Part of them that holds all regions.
    packed : bytes
        The labels in it, compressed.
    properties : dict of int to Region
    unplaced : tuple of Region
    """

    shape: tuple[int, int]
    box: tuple[slice, slice]
    packed: bytes
    properties: dict[int, Region]
    unplaced: tuple[Region, ...]

    def labels(self) -> Labels:
        """The labels, uint8 (height, width)."""
        labels = np.zeros(self.shape, np.uint8)
        labels[self.box] = np.frombuffer(zlib.decompress(self.packed), np.uint8).reshape(labels[self.box].shape)
        return labels


def snapshot_of(labels: Labels, properties: dict[int, Region], unplaced: tuple[Region, ...]) -> Snapshot:
    """A state of regions to come back to; the arguments are its attributes, `properties` a copy."""
    rows, columns = (np.flatnonzero(labels.any(axis=axis)) for axis in (1, 0))
    empty = not len(rows)
    box = (slice(0, 0), slice(0, 0)) if empty else tuple(slice(int(a[0]), int(a[-1]) + 1) for a in (rows, columns))
    packed = zlib.compress(np.ascontiguousarray(labels[box]).tobytes(), 1)
    height, width = labels.shape
    return Snapshot((height, width), (box[0], box[1]), packed, properties, unplaced)
