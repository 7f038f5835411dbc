"""Masks that a collection has of its specimens: of their traits, or of whole specimens."""

import numpy as np
import numpy.typing as npt
from skimage.morphology import convex_hull_image

from finercam_core.images.faults import ImageError
from finercam_core.images.limits import DEFAULT_LIMITS
from finercam_core.images.opening import opened
from finercam_core.status import Status
from finercam_core.store import Store

TraitMask = npt.NDArray[np.integer]


def read_mask(store: Store, image_id: str) -> TraitMask | None:
    """Trait mask of a specimen, integer (height, width); None if the catalog names none or the file is missing.

    Raises
    ------
    ImageError
        If the mask lies outside the collection, or is not an image that can be read.
    """
    address = str(store.row(image_id).get("maskURI", ""))
    if not address:
        return None
    try:
        with opened(address, store.images_root, DEFAULT_LIMITS) as (picture, _):
            return np.asarray(picture if picture.mode in ("L", "P", "I", "I;16") else picture.convert("L"))
    except ImageError as error:
        if error.status is Status.MISSING:
            return None
        raise


def specimen_of(store: Store, mask: TraitMask) -> npt.NDArray[np.bool_] | None:
    """Where the specimen lies by its mask, bool (height, width); None if the mask is empty.

    A mask of the whole specimen is taken as it is (values above half of its largest label), a trait mask through
    `specimen_region`.
    """
    labels = store.provenance.traits
    if labels is not None and not labels.whole:
        region = specimen_region(mask)
    else:
        region = np.asarray(mask > (max(map(int, labels.names)) / 2 if labels else 0))
    return region if region.any() else None


def specimen_region(mask: TraitMask) -> npt.NDArray[np.bool_]:
    """Where the specimen lies: the convex hull of all its labelled traits, bool (height, width).

    Trait masks leave the trunk unlabelled; head and tail at its ends make the hull cover it.
    """
    labelled = mask > 0
    if labelled.sum() <= 3:
        return labelled
    hull: npt.NDArray[np.bool_] = convex_hull_image(labelled)  # type: ignore[no-untyped-call]
    return hull
