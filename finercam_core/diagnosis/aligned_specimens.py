"""Specimens brought into the common frame once, and kept for the pairs that ask for them again."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from finercam_core.diagnosis.alignment.frame import Placement, to_frame
from finercam_core.diagnosis.alignment.specimen_pictures import specimen_picture
from finercam_core.diagnosis.places import frame_matrix
from finercam_core.evaluate.maps import grid_of
from finercam_core.evaluate.traits.cover import OUTSIDE
from finercam_core.store import SpecimenRecord, Store

SIDE = 160
"""Pixels a side of the frame in pictures."""
KEPT = 256  # specimens, of about one and a half megabytes each
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class AlignedSpecimen:
    """A specimen in the frame.

    Attributes
    ----------
    record : SpecimenRecord
    photograph : float32 array (side, side, 3)
        From 0 to 255.
    labels : int16 array (H, W)
        As `SpecimenPicture.labels`.
    where : Placement
    to_frame : sparse float64 array (side², h * w)
        Interpolates a map on the model's grid in the frame.
    """

    record: SpecimenRecord
    photograph: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int16]
    where: Placement
    to_frame: csr_array

    def map(self, values: npt.NDArray[np.float32]) -> Floats:
        """A map (h, w) of the specimen in the frame, float64 (side, side)."""
        return np.asarray(self.to_frame @ values.ravel().astype(np.float64)).reshape(SIDE, SIDE)

    def parts(self, traits: Sequence[int]) -> Floats:
        """Share of each trait, and of the whole specimen, in each pixel of the frame; float64 (n + 1, side, side)."""
        shown = np.stack([self.labels == k for k in traits] + [self.labels != OUTSIDE]).astype(np.float64)
        return np.asarray(to_frame(shown, self.where, SIDE, beyond=0.0))


class AlignedSpecimens:
    """Those of a store; the last `KEPT` are kept, since a species is asked about against several others.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._kept: OrderedDict[str, AlignedSpecimen] = OrderedDict()

    def __call__(self, image_id: str) -> AlignedSpecimen:
        """A specimen in the frame.

        Raises
        ------
        ImageError, StoreError
            If its photograph or its maps cannot be read.
        """
        if image_id not in self._kept:
            self._kept[image_id] = self._aligned(image_id)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(image_id)
        return self._kept[image_id]

    def _aligned(self, image_id: str) -> AlignedSpecimen:
        picture, record = specimen_picture(self.store, image_id), self.store.record(image_id)
        photograph = np.moveaxis(to_frame(np.moveaxis(picture.pixels, -1, 0), picture.where, SIDE), 0, -1)
        matrix = frame_matrix(picture.where, picture.labels.shape, grid_of(record), SIDE)
        labels = picture.labels.astype(np.int16)
        return AlignedSpecimen(record, photograph.astype(np.float32), labels, picture.where, csr_array(matrix))
